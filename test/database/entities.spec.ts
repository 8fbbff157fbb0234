import { DataSource, type DeepPartial, type EntityTarget, type ObjectLiteral } from 'typeorm';
import {
  AccessToken,
  Account,
  AccountUser,
  Agency,
  AuditEvent,
  Connection,
  Contact,
  ContactImport,
  ContactInbox,
  ContactLink,
  Conversation,
  dataSourceOptions,
  Hook,
  Inbox,
  InstallationConfig,
  Label,
  Message,
  MessageType,
  ReconcileRequest,
  Role,
  SyncConflict,
  SyncSettings,
  Tag,
  Tagging,
  TokenOwner,
  User,
} from '#libs/database';
import { useDatabase } from '../harness/database.js';
import { DESKFLOW_SCHEMA, describeTables } from './schema.js';

const database = useDatabase();

const TIME = new Date('2026-11-18T09:40:12.020Z');
const OTHER_TIME = new Date('2027-02-01T23:59:59.999Z');

/** One of each, with every kind of value its columns can hold. */
const SAMPLES: readonly [EntityTarget<ObjectLiteral>, DeepPartial<ObjectLiteral>][] = [
  [Account, { name: 'Acme', customAttributes: { plan: 'gold' } }],
  [AccountUser, { accountId: 1, userId: 2, role: Role.administrator, inviterId: null }],
  [AccessToken, { ownerType: TokenOwner.user, ownerId: 9_007_199_254_740_991, token: 'abc' }],
  [
    Agency,
    {
      accountId: 1,
      companyId: 'com1',
      accessToken: 'a',
      refreshToken: 'r',
      expiresAt: TIME,
      scope: null,
      userId: 'u',
    },
  ],
  [
    AuditEvent,
    {
      accountId: 1,
      action: 'event.replay',
      actorKind: 'user',
      actorUserId: 1,
      hookId: null,
      outcome: 'success',
      details: { event_id: 7 },
    },
  ],
  [
    ContactImport,
    {
      accountId: 1,
      hookId: 1,
      locationId: 'loc',
      selection: { kind: 'tag', tag: 'vip' },
      dryRun: true,
      state: 'paused',
      total: 12,
      counts: { created: 3 },
      cursor: [1731920412020, 'con'],
      activeMs: 1234,
      startedBy: 1,
    },
  ],
  [
    SyncConflict,
    {
      accountId: 1,
      locationId: 'loc',
      contactId: 1,
      ghlContactId: 'con',
      field: 'customFields.f',
      base: null,
      deskflow: ['a'],
      highlevel: 'b',
      deskflowAt: null,
      highlevelAt: new Date('2026-11-02T10:00:00.123Z'),
      policy: 'latest_wins',
      kept: 'highlevel',
    },
  ],
  [SyncSettings, { accountId: 1, conflictPolicy: 'deskflow_wins', onDelete: 'archive' }],
  [
    Connection,
    {
      hookId: 1,
      accountId: 1,
      locationName: 'Quill',
      state: 'suspended',
      since: TIME,
      nextAttemptAt: OTHER_TIME,
    },
  ],
  [
    Contact,
    {
      accountId: 1,
      name: 'مرا 🙂',
      email: 'mara@example.test',
      phoneNumber: '+14155550142',
      additionalAttributes: { city: 'Oakland', nested: { deep: [1, null] } },
      customAttributes: {},
      lastActivityAt: TIME,
      ghlContactId: 'con1',
      identifier: null,
    },
  ],
  [ContactInbox, { contactId: 1, inboxId: 1, sourceId: 'x' }],
  [
    ContactLink,
    {
      accountId: 1,
      locationId: 'loc1',
      contactId: 1,
      ghlContactId: 'con1',
      snapshot: { email: 'mara@example.test' },
      remoteVersion: TIME,
      localDeletedAt: OTHER_TIME,
    },
  ],
  [
    Conversation,
    { accountId: 1, inboxId: 1, contactId: 1, contactInboxId: 1, priority: null, identifier: 'x' },
  ],
  [
    Hook,
    { accountId: 1, appId: 'gohighlevel', referenceId: 'loc1', accessToken: 'a'.repeat(2_000), settings: {} },
  ],
  [Inbox, { accountId: 1, name: 'Website', channelId: 1, channelType: 'Channel::Api' }],
  [InstallationConfig, { name: 'GHL_CLIENT_ID', serializedValue: '--- value', locked: false }],
  [Label, { accountId: 1, title: 'vip', showOnSidebar: true }],
  [
    Message,
    { accountId: 1, inboxId: 1, conversationId: 1, messageType: MessageType.incoming, content: 'Hi' },
  ],
  [ReconcileRequest, { reason: 'intake_outage', fromAt: TIME, toAt: OTHER_TIME, takenAt: null }],
  [Tag, { name: 'vip' }],
  [Tagging, { tagId: 1, taggableType: 'Contact', taggableId: 1, context: 'labels', createdAt: TIME }],
  [
    User,
    { name: 'Ada', email: 'ada@example.test', uid: 'ada@example.test', confirmedAt: TIME, ghlUserId: 'usr1' },
  ],
];

describe('Entities', () => {
  it('are all tried here', () => {
    const tried = new Set(SAMPLES.map(([entity]) => entity));
    expect(database.source.entityMetadatas.filter(({ target }) => !tried.has(target))).toEqual([]);
  });

  // An account first: conversations take their numbers from its sequence.
  it.each(SAMPLES.map(([entity, values]) => [(entity as { name: string }).name, entity, values] as const))(
    '%s comes back as it was saved',
    async (_name, entity, values) => {
      const repository = database.source.getRepository(entity);
      const saved = await repository.save(repository.create(values));
      const found = await repository.findOneByOrFail(repository.metadata.getEntityIdMap(saved) ?? {});
      expect(found).toMatchObject(values);
    },
  );

  it('are stamped when they are created, and again when they change', async () => {
    const repository = database.source.getRepository(Contact);
    const contact = await repository.save(repository.create({ accountId: 1 }));
    expect(contact.updatedAt).toEqual(contact.createdAt);
    expect(Math.abs(contact.createdAt.getTime() - Date.now())).toBeLessThan(5_000);
    await database.query('update contacts set created_at = $1, updated_at = $1 where id = $2', [
      TIME,
      contact.id,
    ]);
    const stale = await repository.findOneByOrFail({ id: contact.id });
    stale.name = 'Mara';
    await repository.save(stale);
    const changed = await repository.findOneByOrFail({ id: contact.id });
    expect(changed.createdAt).toEqual(TIME);
    expect(Math.abs(changed.updatedAt.getTime() - Date.now())).toBeLessThan(5_000);
  });

  it('never read a password, a session or a websocket token unless asked to', async () => {
    await database.query(
      `insert into users (name, uid, encrypted_password, tokens, pubsub_token, created_at, updated_at)
       values ('Grace', 'grace', 'hash', '"{}"', 'pubsub', now(), now())`,
    );
    const user = await database.source.getRepository(User).findOneByOrFail({ uid: 'grace' });
    expect([user.encryptedPassword, user.tokens, user.pubsubToken]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("never write a user's sessions, which are DeskFlow's", async () => {
    const users = database.source.getRepository(User);
    const user = await users.findOneOrFail({
      where: { uid: 'grace' },
      select: { id: true, tokens: true, name: true },
    });
    user.tokens = 'overwritten';
    user.name = 'Grace H.';
    await users.save(user);
    expect(await database.query(`select name, tokens from users where uid = 'grace'`)).toEqual([
      { name: 'Grace H.', tokens: '{}' },
    ]);
  });
});

describe('Columns of entities', () => {
  it('have the type their tables have, and demand what their tables demand', async () => {
    const source = await new DataSource(dataSourceOptions(database.url)).initialize();
    const tables = await describeTables(database);
    for (const { tableName, schema, columns } of source.entityMetadatas) {
      if (schema === 'ghl') continue;
      for (const column of columns) {
        const fact = tables[tableName]?.columns[column.databaseName];
        const place = `${tableName}.${column.databaseName}`;
        expect([place, typeOf(fact?.type)]).toEqual([place, typeOf(source.driver.normalizeType(column))]);
        // A table that allows null may be read as if it did not; one that forbids it must not be sent one.
        if (fact?.nullable === false) expect([place, column.isNullable]).toEqual([place, false]);
      }
    }
    await source.destroy();
  });

  it('are all that a row needs: what they leave out has a default or may be null', () => {
    for (const { tableName, schema, columns } of database.source.entityMetadatas) {
      if (schema === 'ghl') continue;
      const mapped = new Set(columns.map(({ databaseName }) => databaseName));
      const missing = Object.entries(DESKFLOW_SCHEMA[tableName]!.columns)
        .filter(([, fact]) => !fact.nullable && fact.default === null)
        .filter(([name]) => !mapped.has(name));
      expect([tableName, missing]).toEqual([tableName, []]);
    }
  });
});

function typeOf(type: string | undefined): string | undefined {
  return type?.replace(/\(.*\)| without time zone/g, '').replace('character varying', 'varchar');
}
