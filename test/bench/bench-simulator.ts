import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import {
  type GrantedPair,
  type RequestCounts,
  type SimulatorOrder,
  type SimulatorReport,
} from './simulator-process.js';

/** The process beside this one that stands in for HighLevel. */
export class BenchSimulator {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    readonly clientId: string,
    readonly clientSecret: string,
    readonly locationId: string,
    readonly publicKeyPem: string,
  ) {}

  /** @param webhookUrl where it tells of changes; nowhere when left out */
  static async start(webhookUrl?: string): Promise<BenchSimulator> {
    const child = fork(join(import.meta.dirname, 'simulator-process.js'), {
      env: { ...process.env, ...(webhookUrl !== undefined && { BENCH_WEBHOOK_URL: webhookUrl }) },
    });
    const [{ ready }] = (await once(child, 'message')) as [SimulatorReport];
    if (!ready) throw new Error('the simulator did not start');
    const { url, clientId, clientSecret, locationId, publicKeyPem } = ready;
    return new BenchSimulator(child, url, clientId, clientSecret, locationId, publicKeyPem);
  }

  async install(count: number): Promise<readonly GrantedPair[]> {
    return (await this.ask({ install: count })).pairs ?? [];
  }

  /** New people in the location, in place of those before. */
  async seed(count: number): Promise<void> {
    await this.ask({ seed: count });
  }

  /** What it permits; the requests before are forgotten. */
  async limit(limits: 'none' | 'of HighLevel'): Promise<void> {
    await this.ask({ limits });
  }

  async requests(): Promise<RequestCounts> {
    return (await this.ask('count requests')).requests ?? { total: 0, token: 0, refused: 0 };
  }

  /** A person there changes a contact's city. */
  edit(id: string, city: string): void {
    this.child.send({ edit: { id, city } } satisfies SimulatorOrder);
  }

  /** @param heard is told of each city that a contact gets, whoever changed it */
  onCity(heard: (city: string) => void): void {
    this.child.on('message', ({ pushed }: SimulatorReport) => {
      if (pushed !== undefined) heard(pushed);
    });
  }

  stop(): void {
    this.child.disconnect();
  }

  private async ask(order: SimulatorOrder): Promise<SimulatorReport> {
    this.child.send(order);
    for (;;) {
      const [report] = (await once(this.child, 'message')) as [SimulatorReport];
      if (report.pushed === undefined) return report;
    }
  }
}
