import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { eventually } from './eventually.js';

/** On a machine that is busy with other things (milliseconds). */
const READY_WITHIN_MS = 60_000;

const ROOT = join(import.meta.dirname, '..', '..');

/** One process of a deployment, as the image runs it. */
export class ServiceProcess {
  output = '';

  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** @param script relative to dist/apps; resolves when the process is ready for traffic */
  static async start(script: string, env: Record<string, string>): Promise<ServiceProcess> {
    const child = spawn(process.execPath, [join('dist', 'apps', script)], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const started = new ServiceProcess(child, `http://127.0.0.1:${String(env['PORT'])}`);
    const keep = (chunk: Buffer): void => void (started.output += chunk.toString());
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    await eventually(async () => {
      if (child.exitCode !== null) return; // reported below, with what it said
      expect((await fetch(`${started.url}/health/ready`)).status).toBe(200);
    }, READY_WITHIN_MS);
    if (child.exitCode !== null)
      throw new Error(`${script} ended with ${child.exitCode}:\n${started.output}`);
    return started;
  }

  /** Sends SIGKILL, as a machine's end does. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Sends SIGTERM, as an orchestrator does. @returns whether it ended by itself or by that signal */
  async stop(): Promise<boolean> {
    await this.end('SIGTERM');
    return this.child.exitCode === 0 || this.child.signalCode === 'SIGTERM';
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }
}
