import { Injectable } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import { type SignatureRefusal } from '#libs/highlevel';
import { MetricsRegistry } from '#libs/metrics';

/** Why a delivery was not taken in; nothing of it is kept. */
export type IntakeRefusal = SignatureRefusal | 'outside_replay_window' | 'not_stored';

/** What became of the deliveries that came to this process. */
@Injectable()
export class IntakeMetrics {
  private readonly received: Counter;
  private readonly refusals: Counter<'reason'>;
  private readonly groups: Histogram;
  private readonly acknowledgements: Histogram;

  constructor(registry: MetricsRegistry) {
    const registers = [registry];
    this.received = new Counter({
      name: 'deskflow_ghl_webhooks_received_total',
      help: 'Deliveries acknowledged with 200, duplicates included',
      registers,
    });
    this.refusals = new Counter({
      name: 'deskflow_ghl_webhooks_refused_total',
      help: 'Deliveries not taken in, by reason',
      labelNames: ['reason'],
      registers,
    });
    this.groups = new Histogram({
      name: 'deskflow_ghl_webhooks_group_size',
      help: 'Deliveries stored by one statement',
      buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
      registers,
    });
    this.acknowledgements = new Histogram({
      name: 'deskflow_ghl_webhooks_store_seconds',
      help: 'From the verified signature until the delivery is committed',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
      registers,
    });
  }

  /** A group is committed. */
  committed(deliveries: number): void {
    this.received.inc(deliveries);
    this.groups.observe(deliveries);
  }

  /** @param milliseconds how long the delivery waited for its commit */
  acknowledged(milliseconds: number): void {
    this.acknowledgements.observe(milliseconds / 1_000);
  }

  refused(reason: IntakeRefusal): void {
    this.refusals.inc({ reason });
  }
}
