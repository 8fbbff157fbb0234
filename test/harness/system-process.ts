import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '#apps/standalone/free-port.js';
import { resetData } from '#libs/database';

const ROOT = join(import.meta.dirname, '..', '..');
const START_TIMEOUT_MS = 60_000;

/** What `npm start` runs, as a process of its own: it can be killed, and everything it prints is kept. */
export class SystemProcess {
  output = '';
  private child: ChildProcess | undefined;

  private constructor(private readonly env: NodeJS.ProcessEnv) {}

  /** A system on free ports and, unless given, a data directory of its own. It is not started yet. */
  static async prepare(env: Record<string, string> = {}): Promise<SystemProcess> {
    return new SystemProcess({
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      DATA_DIR: env['DATA_DIR'] ?? (await dataDirectory()),
      PORT: String(await freePort()),
      SIMULATOR_PORT: String(await freePort()),
      ...env,
    });
  }

  get apiUrl(): string {
    return `http://127.0.0.1:${String(this.env['PORT'])}`;
  }

  get simulatorUrl(): string {
    return this.env['GHL_API_URL'] ?? `http://127.0.0.1:${String(this.env['SIMULATOR_PORT'])}`;
  }

  get dataDir(): string {
    return String(this.env['DATA_DIR']);
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Resolves when the block with the addresses is printed; returns how many milliseconds that took. */
  async start(): Promise<number> {
    const started = performance.now();
    const printedBefore = this.output.length;
    this.child = this.spawn();
    const child = this.child;
    await new Promise<void>((resolve, reject) => {
      const giveUp = setTimeout(
        () => reject(new Error(`not started in time:\n${this.output}`)),
        START_TIMEOUT_MS,
      );
      const watch = (): void => {
        if (!this.output.includes('deskflow-ghl is running', printedBefore)) return;
        clearTimeout(giveUp);
        resolve();
      };
      child.stdout?.on('data', watch);
      child.once('exit', (code) => {
        clearTimeout(giveUp);
        reject(new Error(`ended with ${String(code)}:\n${this.output}`));
      });
    });
    return performance.now() - started;
  }

  /** Runs it to its end, for starts that are expected to fail. */
  async runToEnd(): Promise<number | null> {
    this.child = this.spawn();
    await once(this.child, 'exit');
    return this.child.exitCode;
  }

  /** Sends the signal and waits for the end. */
  async kill(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    return child.exitCode;
  }

  /** Ends it in order and removes what it stored. */
  async dispose(): Promise<void> {
    await this.kill('SIGTERM');
    await resetData(this.dataDir);
  }

  private spawn(): ChildProcess {
    const child = spawn(process.execPath, ['dist/apps/standalone/main.js'], {
      cwd: ROOT,
      env: this.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer): void => void (this.output += chunk.toString());
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    return child;
  }
}

/** Open enough for the user whom PostgreSQL runs as when the tests are run by root. */
async function dataDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'deskflow-ghl-e2e-'));
  await chmod(path, 0o711);
  return path;
}
