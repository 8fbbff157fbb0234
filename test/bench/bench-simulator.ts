import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type GrantedPair, type SimulatorOrder, type SimulatorReport } from './simulator-process.js';

/** The process beside this one that stands in for HighLevel. */
export class BenchSimulator {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    readonly clientId: string,
    readonly clientSecret: string,
    readonly locationId: string,
  ) {}

  static async start(): Promise<BenchSimulator> {
    const child = fork(join(import.meta.dirname, 'simulator-process.js'));
    const [{ ready }] = (await once(child, 'message')) as [SimulatorReport];
    if (!ready) throw new Error('the simulator did not start');
    return new BenchSimulator(child, ready.url, ready.clientId, ready.clientSecret, ready.locationId);
  }

  async install(count: number): Promise<readonly GrantedPair[]> {
    return (await this.ask({ install: count })).pairs ?? [];
  }

  /** People of the location. @param count how many there are then */
  async seed(count: number): Promise<void> {
    await this.ask({ seed: count });
  }

  async requests(): Promise<{ total: number; token: number }> {
    return (await this.ask('count requests')).requests ?? { total: 0, token: 0 };
  }

  stop(): void {
    this.child.disconnect();
  }

  private async ask(order: SimulatorOrder): Promise<SimulatorReport> {
    this.child.send(order);
    const [report] = (await once(this.child, 'message')) as [SimulatorReport];
    return report;
  }
}
