import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { eventually } from './eventually.js';

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
    });
    if (child.exitCode !== null)
      throw new Error(`${script} ended with ${child.exitCode}:\n${started.output}`);
    return started;
  }

  /** Sends SIGTERM, as an orchestrator does. @returns whether it ended by itself or by that signal */
  async stop(): Promise<boolean> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    return child.exitCode === 0 || child.signalCode === 'SIGTERM';
  }
}
