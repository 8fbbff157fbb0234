import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Global, type INestApplicationContext, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { createSimulator, type Simulator } from '#apps/simulator/simulator.js';
import { ConfigModule, loadConfig } from '#libs/config';
import { type ContactChanges, ContactLabels, ContactStore } from '#libs/contacts';
import {
  ConflictLog,
  ContactSync,
  ContactSyncWorkerModule,
  type InboundContactEvent,
  type InboundResult,
  OutboundProcessor,
  SyncChoices,
} from '#libs/contact-sync';
import { type Contact, type ContactLink, type Hook } from '#libs/database';
import { type ContactEvent, SCOPES } from '#libs/highlevel';
import { HighLevelClients, Hooks } from '#libs/integrations';
import { empty } from '../harness/empty.js';

export const ACCOUNT = 1;

/** What a person in HighLevel may write; looser than the API. */
export type HighLevelEdit = Record<string, unknown>;

export interface OutboxRow {
  id: number;
  contact_id: number;
  operation: string;
  state: string;
  reason: string | null;
  attempts: number;
  last_error: string | null;
}

export const uniqueEmail = (): string => `${randomUUID()}@example.test`;

/**
 * DeskFlow's tables in a real PostgreSQL, HighLevel in the simulator over HTTP, and the sync between them. Nothing
 * happens by itself: a test says when events are applied and when changes are pushed.
 */
export class TwoSides {
  private readonly waiting: InboundContactEvent[] = [];
  private received = 0;

  private constructor(
    readonly source: DataSource,
    readonly simulator: Simulator,
    readonly hook: Hook,
    private readonly receiver: Server,
    private readonly app: INestApplicationContext,
  ) {}

  static async open(source: DataSource): Promise<TwoSides> {
    const opened: { sides?: TwoSides } = {};
    const receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        opened.sides?.receive(body); // HighLevel may tell of its installation before anybody listens
        response.end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const { port } = receiver.address() as AddressInfo;
    const simulator = await createSimulator({
      webhookUrl: `http://127.0.0.1:${port}`,
      settings: { rateLimit: { max: 1_000_000, intervalMs: 10_000, daily: 100_000_000, retryAfter: false } },
    });
    await simulator.listen();
    const config = loadConfig({
      NODE_ENV: 'test',
      DATABASE_URL: 'postgres://unused.test/unused',
      GHL_API_URL: simulator.url,
      GHL_CLIENT_ID: simulator.clientId,
      GHL_CLIENT_SECRET: simulator.clientSecret,
      FRONTEND_URL: 'http://127.0.0.1:3000',
      PUBLIC_URL: 'http://127.0.0.1:3000',
    });

    @Global()
    @Module({ providers: [{ provide: DataSource, useValue: source }], exports: [DataSource] })
    class GivenDatabase {}

    const app = await Test.createTestingModule({
      imports: [GivenDatabase, ConfigModule.register(config), ContactSyncWorkerModule],
    })
      .setLogger({ log: ignore, warn: ignore, error: ignore })
      .compile();
    const hook = await connect(source, simulator, app);
    opened.sides = new TwoSides(source, simulator, hook, receiver, app);
    return opened.sides;
  }

  /** Both sides as if nothing had been told yet. Contacts that HighLevel has stay there: give each its own e-mail. */
  async reset(): Promise<void> {
    await this.dropEvents();
    await empty(this.source, ['contacts', 'taggings', 'tags', 'labels', 'ghl.contact_links', 'ghl.outbox']);
    await this.source.query(`update ghl.connections set state = 'connected'`);
    this.simulator.requests.clear();
    this.simulator.faults.clear();
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.simulator.close();
    await new Promise((resolve) => this.receiver.close(resolve));
  }

  get locationId(): string {
    return this.hook.referenceId ?? '';
  }

  get choices(): SyncChoices {
    return this.app.get(SyncChoices, { strict: false });
  }

  get conflictLog(): ConflictLog {
    return this.app.get(ConflictLog, { strict: false });
  }

  get contactSync(): ContactSync {
    return this.app.get(ContactSync);
  }

  /** Applies what HighLevel has told so far, in one batch, as the inbox worker does. */
  async deliver(
    order: (events: InboundContactEvent[]) => InboundContactEvent[] = (events) => events,
  ): Promise<InboundResult[]> {
    await this.simulator.webhooks.idle();
    return this.apply(order(this.waiting.splice(0)));
  }

  /** Applies events that a test made up. */
  async apply(events: readonly InboundContactEvent[]): Promise<InboundResult[]> {
    const fetched = await this.contactSync.prepare(this.hook, events);
    return this.source.transaction((manager) =>
      this.contactSync.applyEvents(manager, this.hook, events, fetched),
    );
  }

  /** Applies everybody as HighLevel's search shows them, as the reconciling poll does. */
  async reconcile(): Promise<void> {
    const [{ asOf }] = await this.source.query<[{ asOf: Date }]>('select clock_timestamp() as "asOf"');
    const { contacts } = this.app.get(HighLevelClients, { strict: false }).forHook(this.hook);
    const found = await contacts.search({
      pageLimit: 500,
      sort: [{ field: 'dateUpdated', direction: 'asc' }],
    });
    await this.source.transaction((manager) =>
      this.contactSync.applyFound(manager, this.hook, found.contacts, asOf),
    );
  }

  /** An event as the inbox would hand it over. */
  event(event: ContactEvent, at: Date | null = new Date()): InboundContactEvent {
    this.received += 1;
    return { id: this.received, eventAt: at, event };
  }

  /** Loses what HighLevel has told and nobody has applied yet. */
  async dropEvents(): Promise<InboundContactEvent[]> {
    await this.simulator.webhooks.idle();
    return this.waiting.splice(0);
  }

  /** Pushes what is due. */
  async push(): Promise<void> {
    await this.app.get(OutboundProcessor).work({ data: { hookId: this.hook.id } });
  }

  /** Until neither side has anything to say. @throws Error when they do not come to an end */
  async settle(): Promise<void> {
    for (let round = 0; round < 20; round += 1) {
      await this.push();
      const results = await this.deliver();
      const [{ count }] = await this.source.query<[{ count: number }]>(
        `select count(*) from ghl.outbox where state in ('pending', 'failed', 'processing')`,
      );
      if (results.length === 0 && count === 0) return;
    }
    throw new Error('The two sides talk to each other without end');
  }

  /** DeskFlow's side, as a person or Rails would change it. */
  async create(draft: ContactChanges): Promise<Contact> {
    return this.source.transaction((manager) => this.store.insert(manager, ACCOUNT, draft));
  }

  async edit(id: number, changes: ContactChanges | ((contact: Contact) => ContactChanges)): Promise<void> {
    await this.source.transaction(async (manager) => {
      const contact = await this.store.findForUpdate(manager, ACCOUNT, id);
      if (!contact) throw new Error(`no contact ${id}`);
      await this.store.update(manager, contact, typeof changes === 'function' ? changes(contact) : changes);
    });
  }

  async label(id: number, add: string[], remove: string[] = []): Promise<void> {
    await this.source.transaction((manager) => this.labelStore.change(manager, ACCOUNT, id, { add, remove }));
  }

  async labels(id: number): Promise<string[]> {
    return this.labelStore.of(this.source.manager, id);
  }

  async contact(id: number): Promise<Contact> {
    const contact = await this.store.find(this.source.manager, ACCOUNT, id);
    if (!contact) throw new Error(`no contact ${id}`);
    return contact;
  }

  async contacts(): Promise<Contact[]> {
    const rows = await this.source.query<{ id: number }[]>('select id from contacts order by id');
    return Promise.all(rows.map(({ id }) => this.contact(id)));
  }

  async links(): Promise<ContactLink[]> {
    return this.source.manager.find<ContactLink>('ContactLink', { order: { id: 'asc' } });
  }

  async outbox(): Promise<OutboxRow[]> {
    return this.source.query<OutboxRow[]>(
      'select id, contact_id, operation, state, reason, attempts, last_error from ghl.outbox order by id',
    );
  }

  /** HighLevel's side, as a person there. */
  async person(
    method: 'POST' | 'PUT' | 'DELETE' | 'GET',
    id = '',
    body?: HighLevelEdit,
  ): Promise<HighLevelEdit> {
    const url = `${this.simulator.url}/_sim/locations/${this.locationId}/contacts${id && `/${id}`}`;
    const response = await fetch(url, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!response.ok)
      throw new Error(`${method} ${url} answered ${response.status} ${await response.text()}`);
    return (await response.json()) as HighLevelEdit;
  }

  async createThere(contact: HighLevelEdit): Promise<string> {
    const answer = await this.person('POST', '', contact);
    return String((answer['contact'] as HighLevelEdit)['id']);
  }

  /** A contact that is linked and in agreement on both sides. */
  async linked(contact: HighLevelEdit = {}): Promise<{ id: number; ghlId: string }> {
    const ghlId = await this.createThere({ firstName: 'Mara', email: uniqueEmail(), ...contact });
    await this.deliver();
    const link = (await this.links()).find(({ ghlContactId }) => ghlContactId === ghlId);
    this.simulator.requests.clear();
    return { id: link?.contactId ?? 0, ghlId };
  }

  async editThere(id: string, changes: HighLevelEdit): Promise<void> {
    await this.person('PUT', id, changes);
  }

  there(id: string): HighLevelEdit | undefined {
    return this.simulator.contacts.get(id) as HighLevelEdit | undefined;
  }

  /** Writing calls of the API. */
  get writes(): number {
    return this.simulator.requests
      .list()
      .filter(({ method, path }) => method !== 'GET' && path.startsWith('/contacts')).length;
  }

  private get store(): ContactStore {
    return this.app.get(ContactStore, { strict: false });
  }

  private get labelStore(): ContactLabels {
    return this.app.get(ContactLabels, { strict: false });
  }

  private receive(body: string): void {
    const event = JSON.parse(body) as ContactEvent;
    if (event.type.startsWith('Contact'))
      this.waiting.push(this.event(event, new Date(event.timestamp ?? '')));
  }
}

const ignore = (): void => undefined;

/** A connected hook as DeskFlow may have made it: tokens in clear. */
async function connect(
  source: DataSource,
  simulator: Simulator,
  app: INestApplicationContext,
): Promise<Hook> {
  const locationId = simulator.locations[0]?.id ?? '';
  const tokens = simulator.install({ locationId, scope: SCOPES.join(' ') });
  const settings = {
    refresh_token: tokens['refresh_token'],
    expires_at: new Date(Date.now() + 86_000_000).toISOString(),
    scope: tokens['scope'],
    location_id: locationId,
  };
  await source.query(
    `insert into accounts (id, name, created_at, updated_at) values ($1, 'Acme', now(), now())`,
    [ACCOUNT],
  );
  const [{ id }] = await source.query<[{ id: number }]>(
    `insert into integrations_hooks (account_id, app_id, hook_type, reference_id, access_token, status, settings, created_at, updated_at)
     values ($1, 'gohighlevel', 0, $2, $3, 1, $4, now(), now()) returning id`,
    [ACCOUNT, locationId, tokens['access_token'], settings],
  );
  await source.query(
    `insert into ghl.connections (hook_id, account_id, country, is_default) values ($1, $2, 'US', true)`,
    [id, ACCOUNT],
  );
  const hook = await app.get(Hooks, { strict: false }).findById(id);
  if (!hook) throw new Error('no hook');
  return hook;
}
