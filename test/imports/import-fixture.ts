import { ContactSyncHttpModule, ContactSyncWorkerModule, OutboundProcessor } from '#libs/contact-sync';
import { ImportRunner, ImportsModule, ImportsWorkerModule } from '#libs/imports';
import { eventually } from '../harness/eventually.js';
import { type Answer, type Call } from '../integrations/api-fixture.js';
import { ConnectedLocation } from '../integrations/connected-location.js';

export const IMPORTS = '/api/v1/accounts/1/integrations/ghl/imports';

/** What an import is, as the API says. */
export interface ShownImport {
  readonly id: number;
  readonly state: string;
  readonly reason: string | null;
  readonly total: number | null;
  readonly done: number;
  readonly counts: Record<string, number>;
  readonly [key: string]: unknown;
}

/** Orders imports, and has a worker do them. */
class Imports extends ConnectedLocation {
  call(method: string, path = '', call: Call = {}): Promise<Answer> {
    return this.site.api.call(method, IMPORTS + path, { as: 'admin', ...call });
  }

  async order(body: object = {}): Promise<ShownImport> {
    const { status, body: answer } = await this.call('POST', '', { body });
    if (status !== 201) throw new Error(`expected 201, got ${status} ${JSON.stringify(answer)}`);
    return answer['payload'] as ShownImport;
  }

  async show(id: number): Promise<ShownImport> {
    return (await this.call('GET', `/${id}`)).body['payload'] as ShownImport;
  }

  /** The worker looks for imports once; those it finds go on by themselves. */
  async look(): Promise<void> {
    await this.site.worker.get(ImportRunner).runOnSchedule();
  }

  async until(id: number, state: string): Promise<ShownImport> {
    return eventually(async () => {
      const shown = await this.show(id);
      expect(shown.state).toBe(state);
      return shown;
    });
  }

  /** Orders an import and waits for its end. */
  async run(body: object = {}): Promise<ShownImport> {
    const { id } = await this.order(body);
    await this.look();
    return this.until(id, 'completed');
  }

  /** How many contacts DeskFlow has more than HighLevel's that they are. */
  async duplicates(): Promise<number> {
    const found = await this.site.contacts();
    return found.length - new Set(found.map(({ ghl_contact_id }) => ghl_contact_id)).size;
  }

  /** Brings what is in the outbox to HighLevel. */
  async push(): Promise<void> {
    await this.site.worker.get(OutboundProcessor).work({ data: { hookId: this.hookId } });
  }
}

/** For the test file in which it is called. */
export function useImports(): Imports {
  return new Imports({
    api: [ContactSyncHttpModule, ImportsModule],
    worker: [ContactSyncWorkerModule, ImportsWorkerModule],
  });
}
