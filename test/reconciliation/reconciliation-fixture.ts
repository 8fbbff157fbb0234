import { type Contact as HighLevelContact } from '#apps/simulator/model.js';
import { ContactSyncWorkerModule } from '#libs/contact-sync';
import { ReconciliationModule, ReconciliationRunner, ReconciliationWorkerModule } from '#libs/reconciliation';
import { eventually } from '../harness/eventually.js';
import { ConnectedLocation } from '../integrations/connected-location.js';

export const PATH = '/api/v1/accounts/1/integrations/ghl/reconciliation';
export const MINUTE_MS = 60_000;

type Kind = 'changes' | 'deletions';
interface Row {
  agreed_until: Date;
  due_at: Date;
  last_error: string | null;
  lease_token: string | null;
}

/** A connected location that is reconciled when a test says so. */
class Reconciliation extends ConnectedLocation {
  searches(): number {
    return this.site.connections.simulator.requests.count('POST', '/contacts/search');
  }

  look(): Promise<void> {
    return this.site.worker.get(ReconciliationRunner).runOnSchedule();
  }

  async row(kind: Kind): Promise<Row> {
    const [found] = await this.database.query<Row>('select * from ghl.reconciliations where kind = $1', [
      kind,
    ]);
    if (!found) throw new Error(`no row of ${kind}`);
    return found;
  }

  /** Nothing is due before a test says so. */
  async rest(): Promise<void> {
    await this.look();
    await eventually(async () => expect((await this.row('changes')).lease_token).toBeNull());
    await this.database.query(
      `update ghl.reconciliations set due_at = now() + interval '1 hour', finished_at = null`,
    );
  }

  /** @param ago until then both sides agree */
  async due(kind: Kind, ago?: string): Promise<void> {
    await this.database.query(
      `update ghl.reconciliations
          set due_at = now(), finished_at = null, agreed_until = coalesce(now() - $2::interval, agreed_until) where kind = $1`,
      [kind, ago ?? null],
    );
  }

  /** A run whose second page HighLevel does not answer. */
  async runIntoFailure(kind: Kind): Promise<void> {
    this.site.connections.simulator.faults.add({
      kind: 'status',
      path: '/contacts/search',
      status: 503,
      times: 1,
      skip: 1,
    });
    await this.due(kind);
    await this.look();
    await eventually(async () =>
      expect((await this.row(kind)).last_error).toContain('highlevel.unavailable'),
    );
  }

  /** One run from its begin to its end. */
  async run(kind: Kind = 'changes'): Promise<void> {
    await this.due(kind);
    await this.look();
    await eventually(async () => {
      const [found] = await this.database.query<{ finished_at: Date | null }>(
        'select finished_at from ghl.reconciliations where kind = $1',
        [kind],
      );
      expect(found?.finished_at).not.toBeNull();
    });
  }

  async runs(): Promise<Record<string, unknown>[]> {
    const { body } = await this.site.api.call('GET', `${PATH}/runs`, { as: 'admin' });
    return body['payload'] as Record<string, unknown>[];
  }

  /** As if HighLevel had changed it some minutes ago, and nothing had come of it. */
  changedAgo(minutes: number, contact: HighLevelContact, changes: Partial<HighLevelContact> = {}): void {
    const { contacts } = this.site.connections.simulator;
    contacts.remove(contact);
    contacts.add({
      ...contact,
      ...changes,
      dateUpdated: new Date(Date.now() - minutes * MINUTE_MS).toISOString(),
    });
  }

  async names(): Promise<string[]> {
    return (await this.site.contacts()).map(({ name }) => name);
  }
}

/** For the test file in which it is called. */
export function useReconciliation(): Reconciliation {
  return new Reconciliation({
    api: [ReconciliationModule],
    worker: [ContactSyncWorkerModule, ReconciliationWorkerModule],
  });
}
