import { InjectQueue } from '@nestjs/bull';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { type Queue } from 'bull';
import { BullLane, type RingJob } from './bull-lane.js';
import { type Lane } from './lane.js';
import { type QueueHealth } from './queue-health.js';
import { WakeUps } from './wake-ups.js';

/** Wake-ups over Redis, for any number of processes. */
@Injectable()
export class BullWakeUps extends WakeUps implements QueueHealth, BeforeApplicationShutdown {
  private readonly lanes: Readonly<Record<Lane, BullLane>>;

  constructor(
    @InjectQueue('intake') intake: Queue<RingJob>,
    @InjectQueue('inbound') inbound: Queue<RingJob>,
    @InjectQueue('outbound') outbound: Queue<RingJob>,
  ) {
    super();
    this.lanes = {
      intake: new BullLane(intake),
      inbound: new BullLane(inbound),
      outbound: new BullLane(outbound),
    };
  }

  ring(lane: Lane, hookId: number): void {
    this.lanes[lane].ring(hookId);
  }

  async check(): Promise<void> {
    await Promise.all(Object.values(this.lanes).map((lane) => lane.ping()));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(Object.values(this.lanes).map((lane) => lane.stop()));
  }
}
