import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { MetricsRegistry } from '#libs/metrics';

/** How an attempt to bring a change to HighLevel ended; `failed` will be repeated. */
export type PushOutcome = 'done' | 'failed' | 'dead' | 'ignored';

/** What became of the pushes that this process tried. */
@Injectable()
export class PushMetrics {
  private readonly pushes: Counter<'outcome'>;

  constructor(registry: MetricsRegistry) {
    this.pushes = new Counter({
      name: 'deskflow_ghl_pushes_total',
      help: 'Attempts to bring a change to HighLevel, by outcome',
      labelNames: ['outcome'],
      registers: [registry],
    });
  }

  ended(outcome: PushOutcome): void {
    this.pushes.inc({ outcome });
  }
}
