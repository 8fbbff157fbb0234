import { type DynamicModule, type INestApplicationContext } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type ContactBook } from '#apps/simulator/contact-book.js';
import { type Contact as HighLevelContact, type Location } from '#apps/simulator/model.js';
import { QueueModule } from '#libs/queue';
import { empty } from '../harness/empty.js';
import { statementsOf } from '../harness/statements.js';
import { ApiFixture, People } from './api-fixture.js';
import { ConnectionFixture } from './connection-fixture.js';

type ContactChanges = Parameters<ContactBook['draft']>[1];
type ModuleImports = NonNullable<DynamicModule['imports']>;

/** What a test leaves behind, besides what the connection's fixture forgets. */
const TABLES = [
  'contacts',
  'taggings',
  'tags',
  'labels',
  'ghl.imports',
  'ghl.import_failures',
  'ghl.sync_conflicts',
  'ghl.reconciliations',
  'ghl.reconciliation_runs',
  'ghl.reconcile_requests',
  'ghl.sighted_contacts',
  'ghl.remote_deletions',
];

/** What a process of each kind does besides. */
export interface Modules {
  readonly api: ModuleImports;
  readonly worker: ModuleImports;
}

/** An account that is connected to a location of the simulator, the API over HTTP, and a worker. */
export class LocationFixture {
  private constructor(
    readonly source: DataSource,
    readonly connections: ConnectionFixture,
    readonly api: ApiFixture,
    private readonly people: People,
    private readonly modules: Modules,
    private current: INestApplicationContext,
  ) {}

  static async start(source: DataSource, modules: Modules): Promise<LocationFixture> {
    const people = await People.seed(source);
    const connections = await ConnectionFixture.start(source);
    connections.simulator.settings.change({
      searchLagMs: 0,
      rateLimit: { max: 1_000_000, intervalMs: 10_000, daily: 100_000_000, retryAfter: false },
    });
    const api = await ApiFixture.start(connections, people, {}, (config) => [
      QueueModule.register(config),
      ...modules.api,
    ]);
    const { app } = await connections.process({}, modules.worker);
    return new LocationFixture(source, connections, api, people, modules, app);
  }

  /** A second process that answers the API. */
  anotherApi(): Promise<ApiFixture> {
    return ApiFixture.start(this.connections, this.people, {}, (config) => [
      QueueModule.register(config),
      ...this.modules.api,
    ]);
  }

  async stop(): Promise<void> {
    await this.api.stop();
    await this.connections.stop();
  }

  /** Nothing is here, nobody is in HighLevel, and the first account is connected. @returns the hook's id */
  async reset(): Promise<number> {
    await this.connections.reset();
    await empty(this.source, TABLES, 'restart identity');
    for (const contact of this.there()) this.connections.simulator.contacts.remove(contact);
    return this.connections.connect({ hooks: this.api.hooks });
  }

  get location(): Location {
    return this.connections.simulator.locations[0]!;
  }

  get worker(): INestApplicationContext {
    return this.current;
  }

  /** The worker's process is replaced by another one; what it is at is finished. */
  async restartWorker(): Promise<void> {
    await this.current.close();
    this.current = (await this.connections.process({}, this.modules.worker)).app;
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

  async contacts(): Promise<{ id: number; name: string; email: string | null; ghl_contact_id: string }[]> {
    return this.source.query('select id, name, email, ghl_contact_id, updated_at from contacts order by id');
  }

  /** What the worker asked PostgreSQL meanwhile. */
  async statementsDuring(work: () => Promise<unknown>): Promise<string[]> {
    const statements = await statementsOf(this.current.get(DataSource), work);
    return statements.map(({ text }) => text);
  }
}
