import { ContactSyncHttpModule, ContactSyncWorkerModule, OutboundProcessor } from '#libs/contact-sync';
import { ImportsModule } from '#libs/imports';
import { ReconciliationModule, ReconciliationRunner, ReconciliationWorkerModule } from '#libs/reconciliation';
import { EventsModule } from '#libs/webhooks';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { LocationFixture } from '../integrations/location-fixture.js';
import { contactEvent, Worker } from '../webhooks/webhook-fixture.js';

const ACCOUNT = '/api/v1/accounts/1';
const GHL = `${ACCOUNT}/integrations/ghl`;

const database = useDatabase();
let site: LocationFixture;
let inbound: Worker;
let hookId: number;

beforeAll(async () => {
  site = await LocationFixture.start(database.source, {
    api: [ContactSyncHttpModule, EventsModule, ImportsModule, ReconciliationModule],
    worker: [ContactSyncWorkerModule, ReconciliationWorkerModule],
  });
  inbound = await Worker.start(database.url);
});
beforeEach(async () => {
  hookId = await site.reset();
  await database.query('truncate ghl.inbox restart identity');
});
afterEach(async () => {
  await database.query('drop function if exists refuse_contact cascade');
  await database.query(`update users set ui_settings = '{}'`);
});
afterAll(async () => {
  await inbound.stop();
  await site.stop();
});

type Body = Record<string, unknown>;

/** The same answer, as the administrator reads it in English and in Portuguese. */
async function inBoth(path: string, method = 'GET'): Promise<{ en: Body; pt: Body }> {
  const en = (await site.api.call(method, path, { as: 'admin' })).body;
  await database.query(`update users set ui_settings = '{"locale":"pt_BR"}'`);
  const pt = (await site.api.call(method, path, { as: 'admin' })).body;
  await database.query(`update users set ui_settings = '{}'`);
  return { en, pt };
}

/** PostgreSQL refuses every contact with this code. */
async function refuseContacts(code: string, message: string): Promise<void> {
  await database.query(
    `create function refuse_contact() returns trigger language plpgsql as $$
     begin raise exception using errcode = '${code}', message = '${message}'; end $$;
     create trigger refuse_contact before insert or update on contacts for each row execute function refuse_contact()`,
  );
}

/** A worker tries to apply an event of the location. @param state `processing`: another one died over it */
async function tried(state: 'pending' | 'processing' = 'pending'): Promise<void> {
  const event = contactEvent({ locationId: site.location.id });
  await database.query(
    `insert into ghl.inbox (delivery_key, type, account_id, hook_id, location_id, entity_key, body, state, lease_token, lease_until, attempts)
     values ('k', 'ContactCreate', 1, $1, $2, 'contact:Con0InventedPerson01', $3, $4, gen_random_uuid(), now() - interval '1 second', 1)`,
    [hookId, site.location.id, Buffer.from(JSON.stringify(event)), state],
  );
  await inbound.work(hookId);
}

describe('in the language of who reads it is said', () => {
  it('why an event was given up, in the log, with its attempts, and in what a command answers', async () => {
    await refuseContacts('22001', 'value too long for type character varying(255)');
    await tried();
    const said = {
      en: 'PostgreSQL: value too long for type character varying(255) (22001)',
      pt: 'O PostgreSQL respondeu: value too long for type character varying(255) (22001)',
    };
    const list = await inBoth(`${GHL}/events`);
    expect(list.en['payload']).toMatchObject([
      { state: 'dead', reason: 'cannot_be_applied', last_error: said.en },
    ]);
    expect(list.pt['payload']).toMatchObject([
      { state: 'dead', reason: 'cannot_be_applied', last_error: said.pt },
    ]);
    const one = await inBoth(`${GHL}/events/1`);
    expect(one.en['payload']).toMatchObject({
      last_error: said.en,
      failed_attempts: [{ outcome: 'dead', error: said.en }],
    });
    expect(one.pt['payload']).toMatchObject({
      last_error: said.pt,
      failed_attempts: [{ outcome: 'dead', error: said.pt }],
    });
    const discarded = await inBoth(`${GHL}/events/1/discard`, 'POST');
    expect(discarded.en['payload']).toMatchObject({ state: 'ignored', last_error: said.en });
    expect(discarded.pt['payload']).toMatchObject({ state: 'ignored', last_error: said.pt });
  });

  it('that a worker died', async () => {
    await tried('processing');
    const { en, pt } = await inBoth(`${GHL}/events/1`);
    expect(en['payload']).toMatchObject({
      failed_attempts: [
        {
          outcome: 'lease_expired',
          error: 'The worker died, or was cut off from the database, while it held this',
        },
      ],
    });
    expect(pt['payload']).toMatchObject({
      failed_attempts: [
        {
          outcome: 'lease_expired',
          error: 'O processo terminou, ou perdeu a conexão com o banco de dados, enquanto cuidava disto',
        },
      ],
    });
  });

  it('why an event is tried again, which an earlier version kept in English', async () => {
    await refuseContacts('40001', 'could not serialize access');
    await tried();
    const { pt } = await inBoth(`${GHL}/events`);
    expect(pt['payload']).toMatchObject([
      { state: 'failed', last_error: 'O PostgreSQL respondeu: could not serialize access (40001)' },
    ]);
    await database.query(
      `update ghl.inbox set last_error = 'PostgreSQL: could not serialize access (40001)'`,
    );
    const old = await inBoth(`${GHL}/events`);
    expect(old.pt['payload']).toMatchObject([
      { last_error: 'PostgreSQL: could not serialize access (40001)' },
    ]);
  });

  it('why a contact could not be sent, in HighLevel’s own words within', async () => {
    const [{ id }] = (await database.query<{ id: number }>(
      `insert into contacts (account_id, name, email, created_at, updated_at)
       values (1, 'Mara Quill', 'mara@example.test', now(), now()) returning id`,
    )) as [{ id: number }];
    site.connections.simulator.faults.add({
      kind: 'status',
      method: 'POST',
      path: '/contacts/upsert',
      status: 422,
      body: { statusCode: 422, message: ['website must be a URL'] },
      times: 1,
    });
    await site.worker.get(OutboundProcessor).work({ data: { hookId } });
    const { en, pt } = await inBoth(`${ACCOUNT}/contacts/${id}/ghl_sync`);
    expect(en['payload']).toMatchObject([
      {
        state: 'failed',
        error: {
          reason: 'refused_by_highlevel',
          message: 'HighLevel refused the values (POST /contacts/upsert 422): website must be a URL',
        },
      },
    ]);
    expect(pt['payload']).toMatchObject([
      {
        error: {
          message: 'O HighLevel recusou os valores (POST /contacts/upsert 422): website must be a URL',
        },
      },
    ]);
    const all = await inBoth(`${GHL}/contact_states?contact_ids=${id}`);
    expect(all).toEqual({ en, pt });
    const pushes = await inBoth(`${GHL}/pushes?state=dead`);
    const saidOf = (answer: Record<string, unknown>): unknown =>
      (answer['payload'] as { last_error: unknown }[]).map(({ last_error: said }) => said);
    expect([saidOf(pushes.en), saidOf(pushes.pt)]).toEqual([
      ['HighLevel refused the values (POST /contacts/upsert 422): website must be a URL'],
      ['O HighLevel recusou os valores (POST /contacts/upsert 422): website must be a URL'],
    ]);
  });

  it('why a reconciliation was put off', async () => {
    site.connections.simulator.faults.add({
      kind: 'status',
      path: '/contacts/search',
      status: 503,
      times: 1,
    });
    const path = `${GHL}/reconciliation`;
    await site.api.call('POST', path, { as: 'admin', body: { kind: 'changes' } });
    await site.worker.get(ReconciliationRunner).runOnSchedule();
    await eventually(async () =>
      expect((await site.api.call('GET', path, { as: 'admin' })).body['payload']).toMatchObject([
        { kind: 'changes', running: false, last_error: expect.any(String) as string },
        { kind: 'deletions', last_error: null },
      ]),
    );
    const { en, pt } = await inBoth(path);
    expect(en['payload']).toMatchObject([
      { last_error: 'HighLevel did not answer (POST /contacts/search 503)' },
      { last_error: null },
    ]);
    expect(pt['payload']).toMatchObject([
      { last_error: 'O HighLevel não respondeu (POST /contacts/search 503)' },
      { last_error: null },
    ]);
  });

  it('why contacts were not imported, in the file for people', async () => {
    const { body } = await site.api.call('POST', `${GHL}/imports`, { as: 'admin', body: {} });
    const { id } = body['payload'] as { id: number };
    await database.query(
      `insert into ghl.import_failures (import_id, ghl_contact_id, reason)
       values ($1, 'Con1', 'value_not_storable'), ($1, 'Con2', 'of_a_later_version')`,
      [id],
    );
    const file = async (): Promise<string[]> =>
      (await site.api.call('GET', `${GHL}/imports/${id}/failures.csv`, { as: 'admin' })).text.split('\r\n');
    expect(await file()).toContain('Con1,,A value cannot be stored');
    await database.query(`update users set ui_settings = '{"locale":"pt_BR"}'`);
    expect((await file()).slice(0, 3)).toEqual([
      'ghl_contact_id,name,reason',
      'Con1,,Um valor não pode ser guardado',
      'Con2,,of_a_later_version',
    ]);
  });
});
