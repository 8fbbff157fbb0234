import { type BeforeApplicationShutdown, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { type Lane } from './lane.js';
import { LaneProcessors } from './lane-processors.js';
import { LaneRunner } from './lane-runner.js';
import { type QueueHealth } from './queue-health.js';
import { STOP_WITHIN_MS, within } from './within.js';
import { WakeUps } from './wake-ups.js';

/** Wake-ups of a service without Redis: they reach the processors of this process and no other. */
@Injectable()
export class InProcessWakeUps
  extends WakeUps
  implements QueueHealth, OnModuleInit, BeforeApplicationShutdown
{
  private readonly logger = new Logger(InProcessWakeUps.name);
  private readonly runners = new Map<Lane, LaneRunner>();

  constructor(private readonly processors: LaneProcessors) {
    super();
  }

  onModuleInit(): void {
    for (const { lane, concurrency, process } of this.processors.find()) {
      if (this.runners.has(lane)) throw new Error(`The ${lane} lane has two processors`);
      const work = (hookId: number): Promise<void> =>
        process({ data: { hookId } }).catch((err: unknown) => {
          this.logger.error({ msg: 'A wake-up failed', lane, hookId, err });
        });
      this.runners.set(lane, new LaneRunner(work, concurrency));
    }
  }

  /** In a process without this lane's processor there is nobody to wake. */
  ring(lane: Lane, hookId: number): void {
    this.runners.get(lane)?.ring(hookId);
  }

  async check(): Promise<void> {
    // Nothing between ring and processor can be down.
  }

  async beforeApplicationShutdown(): Promise<void> {
    const stopped = await within(
      STOP_WITHIN_MS,
      Promise.all([...this.runners.values()].map((runner) => runner.stop())),
    );
    if (!stopped) this.logger.warn('Work was still running when the process had to stop; its leases run out');
  }
}
