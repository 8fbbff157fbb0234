import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** What a refresher is told to do. */
export interface Order {
  readonly hookId: number;
  /** How many ask at once. */
  readonly callers: number;
}

interface Report {
  readonly ready?: true;
  readonly tokens?: readonly string[];
  readonly failed?: string;
}

/** A process of its own (refresh-process.ts) that asks for tokens, and that can be killed. */
export class Refresher {
  private constructor(private readonly child: ChildProcess) {}

  /** @param env of the process. Resolves when it can take orders. */
  static async start(env: Readonly<Record<string, string>>): Promise<Refresher> {
    const child = fork(join(ROOT, 'test', 'integrations', 'refresh-process.ts'), {
      cwd: ROOT,
      execArgv: ['--import', './scripts/typescript-loader.mjs'],
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const refresher = new Refresher(child);
    await refresher.report();
    return refresher;
  }

  /** @returns what each caller got @throws Error when one of them got none, or the process ended */
  async tokens(order: Order): Promise<readonly string[]> {
    const report = this.report();
    this.child.send(order);
    const { tokens, failed } = await report;
    if (!tokens) throw new Error(failed ?? 'no answer');
    return tokens;
  }

  /** Gives the order and waits for nothing. */
  begin(order: Order): void {
    this.child.send(order);
  }

  /** At once, without a chance to put anything in order. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  private async report(): Promise<Report> {
    const ended = once(this.child, 'exit').then(() => {
      throw new Error('the process ended');
    });
    ended.catch(() => undefined); // it ends some time in any case
    const [report] = (await Promise.race([once(this.child, 'message'), ended])) as [Report];
    return report;
  }
}
