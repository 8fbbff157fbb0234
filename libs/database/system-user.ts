import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { EmbeddedPostgresFailed } from './embedded-errors.js';

const run = promisify(execFile);

/** PostgreSQL refuses to run as root; this is the user it then runs as. */
const SERVER_USER = 'postgres';

/** The user a process is to run as; undefined means: as we do. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The user for the server: ourselves, or for root the system user `postgres`, which is created if need be.
 * @throws EmbeddedPostgresFailed
 */
export async function serverUser(): Promise<SystemUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  return (await lookUp()) ?? (await create());
}

/** Whether this user can run a program and write to a directory, as only the system itself can tell. */
export async function canUse(user: SystemUser, program: string, directory: string): Promise<boolean> {
  return (
    (await succeeds(user, program, ['--version'])) &&
    (await succeeds(user, '/bin/sh', ['-c', 'test -w "$1" && test -x "$1"', 'sh', directory]))
  );
}

function succeeds(user: SystemUser, program: string, args: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { ...user, cwd: '/', stdio: 'ignore' });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}

async function lookUp(): Promise<SystemUser | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', SERVER_USER]), run('id', ['-g', SERVER_USER])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined; // id exits 1 when there is no such user
  }
}

async function create(): Promise<SystemUser> {
  try {
    await run('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--shell',
      '/bin/false',
      SERVER_USER,
    ]);
  } catch (cause) {
    // Another process may have created it in between.
    const user = await lookUp();
    if (user) return user;
    throw new EmbeddedPostgresFailed(
      `PostgreSQL does not run as root, and the system user ${SERVER_USER} could not be created. Create it, run as another user, or set DATABASE_URL.`,
      { cause },
    );
  }
  const user = await lookUp();
  if (!user)
    throw new EmbeddedPostgresFailed(`The system user ${SERVER_USER} was created and cannot be found`);
  return user;
}
