import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { MetricsRegistry } from '#libs/metrics';

/** What this process filed of what was taken in. */
@Injectable()
export class FilingMetrics {
  private readonly all: Counter;
  private readonly duplicates: Counter;

  constructor(registry: MetricsRegistry) {
    const registers = [registry];
    this.all = new Counter({
      name: 'deskflow_ghl_webhooks_filed_total',
      help: 'Deliveries brought from the journal to the inbox, duplicates included',
      registers,
    });
    this.duplicates = new Counter({
      name: 'deskflow_ghl_webhooks_duplicate_total',
      help: 'Of them, those that were in the inbox before',
      registers,
    });
  }

  /** @param stored how many of the deliveries were new */
  filed(deliveries: number, stored: number): void {
    this.all.inc(deliveries);
    this.duplicates.inc(deliveries - stored);
  }
}
