import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';

/** A server in a process of its own: what is measured shares none with the load. */
export class ChildServer {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /**
   * @param script absolute path; it listens on `PORT`
   * @param path what answers 200 when the server is ready
   * @throws Error when it ends or is not ready within ten seconds
   */
  static async start(
    script: string,
    env: Readonly<Record<string, string>> & { readonly PORT: string },
    path: string,
  ): Promise<ChildServer> {
    const child = spawn(process.execPath, [script], {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const server = new ChildServer(child, `http://127.0.0.1:${env.PORT}`);
    for (let attempt = 0; attempt < 200 && child.exitCode === null; attempt += 1) {
      const answer = await fetch(server.url + path).catch(() => undefined);
      if (answer?.ok) return server;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await server.stop();
    throw new Error(`${script} did not start`);
  }

  /** Megabytes it has resident; Linux only, 0 elsewhere. */
  async residentMb(): Promise<number> {
    const status = await readFile(`/proc/${this.child.pid ?? 0}/status`, 'utf8').catch(() => '');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
  }
}
