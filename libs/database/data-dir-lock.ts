import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataDirInUse } from './embedded-errors.js';
import { isErrno, readIfThere, startMark } from './process-identity.js';

const LOCK_FILE = 'running.pid';

/** Each attempt meets at most one other process that is taking over at the same moment. */
const MAX_ATTEMPTS = 20;

interface Holder {
  readonly pid: number;
  readonly mark: string | undefined;
}

/** A directory is worked in by one live process at a time. The lock of a process that is gone is taken over. */
export class DataDirLock {
  private constructor(
    private readonly path: string,
    private readonly content: string,
  ) {}

  /** @throws DataDirInUse naming the process that holds it. */
  static async acquire(dataDir: string): Promise<DataDirLock> {
    const path = join(dataDir, LOCK_FILE);
    const holder: Holder = { pid: process.pid, mark: await startMark(process.pid) };
    const content = JSON.stringify(holder);
    const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
    await writeFile(draft, content, { mode: 0o644, flag: 'wx' });
    try {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        // link() fails if the name is taken, and a lock that appears this way is never half written.
        if (await linkIfFree(draft, path)) return new DataDirLock(path, content);
        await removeIfStale(path, dataDir);
      }
      throw new DataDirInUse(dataDir, (await liveHolder(path))?.pid ?? 0);
    } finally {
      await rm(draft, { force: true });
    }
  }

  async release(): Promise<void> {
    if ((await readIfThere(this.path)) === this.content) await rm(this.path, { force: true });
  }
}

/** @throws DataDirInUse if a live process holds the directory. */
export async function refuseIfInUse(dataDir: string): Promise<void> {
  const holder = await liveHolder(join(dataDir, LOCK_FILE));
  if (holder) throw new DataDirInUse(dataDir, holder.pid);
}

async function liveHolder(path: string): Promise<Holder | undefined> {
  const content = await readIfThere(path);
  const holder = content === undefined ? undefined : parse(content);
  return holder && (await isLive(holder)) ? holder : undefined;
}

/** Moves the stale lock aside before judging it again: between reading and removing it may have become another's. */
async function removeIfStale(path: string, dataDir: string): Promise<void> {
  const holder = await liveHolder(path);
  if (holder) throw new DataDirInUse(dataDir, holder.pid);
  const aside = `${path}.${process.pid}.stale`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  const moved = parse(await readFile(aside, 'utf8'));
  if (moved && (await isLive(moved))) await linkIfFree(aside, path);
  await rm(aside, { force: true });
}

async function linkIfFree(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

async function isLive(holder: Holder): Promise<boolean> {
  const mark = await startMark(holder.pid);
  return mark !== undefined && mark === holder.mark;
}

function parse(content: string): Holder | undefined {
  try {
    const { pid, mark } = JSON.parse(content) as Partial<Holder>;
    return typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0 ? { pid, mark } : undefined;
  } catch {
    return undefined; // cut off by a full disk or a power failure: nobody's
  }
}
