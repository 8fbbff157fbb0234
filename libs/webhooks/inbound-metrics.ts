import { Injectable } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import { MetricsRegistry } from '#libs/metrics';
import { type ClaimedEvent, type Ending } from './inbox-claims.js';

/** What became of the events that this process worked on. */
@Injectable()
export class InboundMetrics {
  private readonly applied: Counter<'state'>;
  private readonly failed: Counter;
  private readonly dead: Counter<'reason'>;
  private readonly batches: Histogram;
  private readonly latency: Histogram;

  constructor(registry: MetricsRegistry) {
    const registers = [registry];
    this.applied = new Counter({
      name: 'deskflow_ghl_events_applied_total',
      help: 'Events that ended as done or ignored',
      labelNames: ['state'],
      registers,
    });
    this.failed = new Counter({
      name: 'deskflow_ghl_events_failed_total',
      help: 'Attempts that failed and will be repeated',
      registers,
    });
    this.dead = new Counter({
      name: 'deskflow_ghl_events_dead_total',
      help: 'Events given up, by reason',
      labelNames: ['reason'],
      registers,
    });
    this.batches = new Histogram({
      name: 'deskflow_ghl_events_batch_size',
      help: 'Events claimed together',
      buckets: [1, 2, 5, 10, 20, 50, 100],
      registers,
    });
    this.latency = new Histogram({
      name: 'deskflow_ghl_events_seconds',
      help: 'From the commit of a delivery until its event had ended',
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3_600],
      registers,
    });
  }

  claimed(events: number): void {
    this.batches.observe(events);
  }

  /** @param events at least those which the endings are of */
  ended(events: readonly ClaimedEvent[], endings: readonly Ending[], now = Date.now()): void {
    const received = new Map(events.map(({ id, receivedAt }) => [id, receivedAt.getTime()]));
    for (const { id, state } of endings) {
      this.applied.inc({ state });
      // The clocks of PostgreSQL and of this machine may differ.
      this.latency.observe(Math.max(0, now - (received.get(id) ?? now)) / 1_000);
    }
  }

  willBeRetried(): void {
    this.failed.inc();
  }

  buried(reason: string): void {
    this.dead.inc({ reason });
  }
}
