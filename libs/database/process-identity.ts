import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** True while a process of this number exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isErrno(error, 'EPERM');
  }
}

/**
 * Something that tells this process from a later one with the same number. Containers start every time with the same
 * few numbers, so a number alone proves nothing. Undefined when there is no such process.
 */
export async function startMark(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return ps(pid, 'lstart');
  const [stat, bootId] = await Promise.all([
    readIfThere(`/proc/${pid}/stat`),
    readIfThere('/proc/sys/kernel/random/boot_id'),
  ]);
  if (stat === undefined) return undefined;
  // The second field, a name in brackets, may hold blanks: count from its end. Field 22 is the start time (proc(5)).
  const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return `${bootId?.trim() ?? ''}/${startTime ?? ''}`;
}

/** The arguments a process was started with, undefined when there is no such process. */
export async function commandLine(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return ps(pid, 'command');
  return (await readIfThere(`/proc/${pid}/cmdline`))?.replaceAll('\0', ' ');
}

/** True for an error of the system with this code, as `fs` and `child_process` throw them. */
export function isErrno(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === code;
}

/** The file's text, undefined when it is not there. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    // A process can end between the opening and the reading of its file in /proc.
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ESRCH')) return undefined;
    throw error;
  }
}

async function ps(pid: number, column: 'lstart' | 'command'): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', `${column}=`, '-p', String(pid)]);
    return stdout.trim() || undefined;
  } catch {
    return undefined; // ps exits 1 when there is no such process
  }
}
