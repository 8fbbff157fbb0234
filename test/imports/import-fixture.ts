import { DataSource } from 'typeorm';
import { type ContactBook } from '#apps/simulator/contact-book.js';
import { type Contact as HighLevelContact, type Location } from '#apps/simulator/model.js';
import { ContactSyncHttpModule, ContactSyncWorkerModule, OutboundProcessor } from '#libs/contact-sync';
import { ImportRunner, ImportsModule, ImportsWorkerModule } from '#libs/imports';
import { eventually } from '../harness/eventually.js';
import { type Answer, ApiFixture, type Call, People } from '../integrations/api-fixture.js';
import { ConnectionFixture, type Process } from '../integrations/connection-fixture.js';

type ContactChanges = Parameters<ContactBook['draft']>[1];

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

/** An account that is connected to a location of the simulator, the API to order imports, and a worker for them. */
export class ImportFixture {
  private constructor(
    readonly source: DataSource,
    readonly connections: ConnectionFixture,
    readonly api: ApiFixture,
    private readonly people: People,
    private worker: Process,
  ) {}

  static async start(source: DataSource): Promise<ImportFixture> {
    const people = await People.seed(source);
    const connections = await ConnectionFixture.start(source);
    connections.simulator.settings.change({
      searchLagMs: 0,
      rateLimit: { max: 1_000_000, intervalMs: 10_000, daily: 100_000_000, retryAfter: false },
    });
    const api = await ApiFixture.start(connections, people, {}, () => [ContactSyncHttpModule, ImportsModule]);
    const worker = await connections.process({}, [ContactSyncWorkerModule, ImportsWorkerModule]);
    return new ImportFixture(source, connections, api, people, worker);
  }

  /** A second process that answers the API. */
  anotherApi(): Promise<ApiFixture> {
    return ApiFixture.start(this.connections, this.people, {}, () => [ImportsModule]);
  }

  async stop(): Promise<void> {
    await this.api.stop();
    await this.connections.stop();
  }

  /** Nothing is here, nobody is in HighLevel, and the first account is connected. @returns the hook's id */
  async reset(): Promise<number> {
    await this.connections.reset();
    await this.source.query(
      'truncate contacts, taggings, tags, labels, ghl.imports, ghl.import_failures, ghl.sync_conflicts restart identity',
    );
    for (const contact of this.there()) this.connections.simulator.contacts.remove(contact);
    return this.connections.connect({ hooks: this.api.hooks });
  }

  get location(): Location {
    return this.connections.simulator.locations[0]!;
  }

  /** HighLevel's contacts. */
  there(): HighLevelContact[] {
    return this.connections.simulator.contacts.list(this.location.id);
  }

  /** People in HighLevel. @param changes what differs from person n */
  seed(count: number, changes: (n: number) => ContactChanges = () => ({})): HighLevelContact[] {
    const { contacts } = this.connections.simulator;
    const first = this.there().length;
    return Array.from({ length: count }, (_, index) => {
      const n = first + index;
      const person = {
        firstName: 'Person',
        lastName: `N${n}`,
        email: `person.${n}@example.test`,
        ...changes(n),
      };
      return contacts.add(contacts.draft(this.location, person));
    });
  }

  edit(contact: HighLevelContact, changes: Partial<HighLevelContact>): void {
    const { contacts } = this.connections.simulator;
    const now = contacts.get(contact.id) ?? contact;
    contacts.replace(now, { ...now, ...changes });
  }

  call(method: string, path = '', call: Call = {}): Promise<Answer> {
    return this.api.call(method, IMPORTS + path, { as: 'admin', ...call });
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
    await this.worker.app.get(ImportRunner).runOnSchedule();
  }

  /** The worker's process is replaced by another one; a page that is being written is finished. */
  async restartWorker(): Promise<void> {
    await this.worker.app.close();
    this.worker = await this.connections.process({}, [ContactSyncWorkerModule, ImportsWorkerModule]);
  }

  async until(id: number, state: string): Promise<ShownImport> {
    return eventually(async () => {
      const shown = await this.show(id);
      expect(shown.state).toBe(state);
      return shown;
    }, 30_000);
  }

  /** Orders an import and waits for its end. */
  async run(body: object = {}): Promise<ShownImport> {
    const { id } = await this.order(body);
    await this.look();
    return this.until(id, 'completed');
  }

  /** What the worker asked PostgreSQL meanwhile. */
  async statementsDuring(work: () => Promise<unknown>): Promise<string[]> {
    const statements: string[] = [];
    const source = this.worker.app.get(DataSource);
    const { logger } = source;
    source.logger = Object.assign(Object.create(logger) as typeof logger, {
      logQuery: (statement: string) => void statements.push(statement),
    });
    try {
      await work();
    } finally {
      source.logger = logger;
    }
    return statements;
  }

  /** Brings what is in the outbox to HighLevel. */
  async push(hookId: number): Promise<void> {
    await this.worker.app.get(OutboundProcessor).work({ data: { hookId } });
  }

  async contacts(): Promise<{ id: number; name: string; email: string | null; ghl_contact_id: string }[]> {
    return this.source.query('select id, name, email, ghl_contact_id, updated_at from contacts order by id');
  }
}
