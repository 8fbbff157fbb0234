import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClusterLocation } from './cluster-location.js';
import { EmbeddedPostgresFailed } from './embedded-errors.js';
import { commandLine, isAlive, readIfThere } from './process-identity.js';

const POLL_MS = 15;

/** Recovery after a crash replays what was written since the last checkpoint, at most 1 GB by default (milliseconds). */
const START_LIMIT_MS = 60_000;

/**
 * How to end a server, gentlest first, and how long each may take (milliseconds): disconnect everybody and write a
 * checkpoint; stop at once and recover at the next start; the kernel's way.
 */
const SHUTDOWN: readonly { signal: NodeJS.Signals; limitMs: number }[] = [
  { signal: 'SIGINT', limitMs: 10_000 },
  { signal: 'SIGQUIT', limitMs: 5_000 },
  { signal: 'SIGKILL', limitMs: 5_000 },
];

/** Lines of the server's log that go into an error. */
const LOG_TAIL_LINES = 5;

export interface PostmasterOptions {
  readonly port: number;
  readonly fsync: boolean;
  readonly logFile: string;
}

/** One running server process and its end. */
export class Postmaster {
  private constructor(
    private readonly child: ChildProcess,
    /** Resolves with a description when the process has ended, for whatever reason. */
    readonly exited: Promise<string>,
  ) {}

  /** @throws EmbeddedPostgresFailed with the end of the server's log. */
  static async start(location: ClusterLocation, options: PostmasterOptions): Promise<Postmaster> {
    const log = await open(options.logFile, 'w', 0o600);
    try {
      const child = spawn(location.server.postgres, serverArguments(location, options), {
        ...location.user,
        cwd: '/',
        env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
        stdio: ['ignore', log.fd, log.fd],
        // A group of its own: Ctrl-C reaches every process of the terminal's group, and the database must outlive its clients.
        detached: true,
      });
      const postmaster = new Postmaster(child, ended(child));
      await postmaster.ready(location.cluster, options.logFile);
      return postmaster;
    } finally {
      await log.close();
    }
  }

  /** Sends the signal for a fast shutdown without waiting; for a process that is about to exit. */
  abandon(): void {
    this.child.kill('SIGINT');
  }

  async stop(): Promise<void> {
    const pid = this.child.pid;
    if (pid !== undefined && this.child.exitCode === null && this.child.signalCode === null)
      await stopByPid(pid);
    await this.exited;
  }

  private async ready(cluster: string, logFile: string): Promise<void> {
    let end: string | undefined;
    void this.exited.then((how) => (end = how));
    const deadline = Date.now() + START_LIMIT_MS;
    while (end === undefined) {
      const lines = (await readIfThere(join(cluster, 'postmaster.pid')))?.split('\n');
      // pg_ctl waits for the same: the eighth line of the file says "ready" once connections are accepted.
      if (Number(lines?.[0]) === this.child.pid && lines?.[7]?.startsWith('ready')) return;
      if (Date.now() > deadline) {
        await this.stop();
        end = `not ready after ${START_LIMIT_MS / 1000} s`;
      }
      await sleep(POLL_MS);
    }
    throw new EmbeddedPostgresFailed(`PostgreSQL did not start (${end}):\n${await tail(logFile)}`);
  }
}

/**
 * Ends the server that a killed copy of this service left running on a cluster, and clears away its pid file where the
 * number belongs to somebody else by now.
 */
export async function stopOrphan(cluster: string): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid');
  const pid = Number((await readIfThere(pidFile))?.split('\n')[0]);
  if (!Number.isSafeInteger(pid) || pid <= 1) return;
  if ((await commandLine(pid))?.includes(cluster)) await stopByPid(pid);
  else await rm(pidFile, { force: true });
}

function serverArguments({ cluster }: ClusterLocation, { port, fsync }: PostmasterOptions): string[] {
  const settings: Record<string, string | number> = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    shared_buffers: '256MB',
    // An import writes 30 MB of WAL a second: who finds no room in the 4 MB that PostgreSQL would take waits for the disk.
    wal_buffers: '32MB',
    max_wal_size: '2GB',
    // An import merges what waits for the search index the faster, the more may wait (`SearchIndex`).
    gin_pending_list_limit: '32MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // What a statement held, or the row it failed on, may be secret: the log names errors only.
    log_min_messages: 'warning',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    ...(fsync ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return ['-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ? `ended by ${signal}` : `exit code ${code ?? '?'}`));
  });
}

async function stopByPid(pid: number): Promise<void> {
  for (const { signal, limitMs } of SHUTDOWN) {
    if (!isAlive(pid)) return;
    process.kill(pid, signal);
    const deadline = Date.now() + limitMs;
    while (isAlive(pid) && Date.now() < deadline) await sleep(POLL_MS);
  }
  if (isAlive(pid)) throw new EmbeddedPostgresFailed(`PostgreSQL (process ${pid}) cannot be stopped`);
}

async function tail(logFile: string): Promise<string> {
  return (await readFile(logFile, 'utf8')).trim().split('\n').slice(-LOG_TAIL_LINES).join('\n');
}
