import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { MetricsRegistry } from '#libs/metrics';
import { type ReconciliationKind, type RunCounts } from './reconciliation.js';

/** What reconciliations of this process found. */
@Injectable()
export class ReconciliationMetrics {
  private readonly runs: Counter<'kind'>;
  private readonly requests: Counter<'kind'>;
  private readonly drift: Counter<'change'>;

  constructor(registry: MetricsRegistry) {
    const registers = [registry];
    this.runs = new Counter({
      name: 'deskflow_ghl_reconciliations_total',
      help: 'Reconciliations that came to their end',
      labelNames: ['kind'],
      registers,
    });
    this.requests = new Counter({
      name: 'deskflow_ghl_reconciliation_requests_total',
      help: 'Requests to HighLevel that they took',
      labelNames: ['kind'],
      registers,
    });
    this.drift = new Counter({
      name: 'deskflow_ghl_drift_total',
      help: 'Contacts that had come apart, for example by a lost webhook, by what mended them',
      labelNames: ['change'],
      registers,
    });
  }

  ended(kind: ReconciliationKind, { requests, created, updated, archived }: RunCounts): void {
    this.runs.inc({ kind });
    this.requests.inc({ kind }, requests);
    for (const [change, count] of Object.entries({ created, updated, archived }))
      this.drift.inc({ change }, count);
  }
}
