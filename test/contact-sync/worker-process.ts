import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from '#apps/standalone/free-port.js';
import { type TwoSides } from './two-sides.js';

const ROOT = join(import.meta.dirname, '..', '..');

/** A worker as production runs it, built, in a process of its own: it can die. */
export class WorkerProcess {
  private constructor(private readonly child: ChildProcess) {}

  static async start(
    databaseUrl: string,
    { simulator }: Pick<TwoSides, 'simulator'>,
    env: Record<string, string> = {},
  ): Promise<WorkerProcess> {
    const child = spawn(process.execPath, ['dist/apps/worker/main.js'], {
      cwd: ROOT,
      env: {
        PATH: process.env['PATH'],
        NODE_ENV: 'development',
        PORT: String(await freePort()),
        DATABASE_URL: databaseUrl,
        GHL_API_URL: simulator.url,
        GHL_MARKETPLACE_URL: simulator.url,
        GHL_CLIENT_ID: simulator.clientId,
        GHL_CLIENT_SECRET: simulator.clientSecret,
        ...env,
      },
      stdio: 'ignore',
    });
    return new WorkerProcess(child);
  }

  /** At once, without a chance to put anything in order. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}
