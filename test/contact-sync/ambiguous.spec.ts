import { type Contact as HighLevelContact } from '#apps/simulator/model.js';
import {
  ContactSync,
  ContactSyncHttpModule,
  ContactSyncWorkerModule,
  OutboundProcessor,
} from '#libs/contact-sync';
import { Hooks } from '#libs/integrations';
import { useDatabase } from '../harness/database.js';
import { type Answer } from '../integrations/api-fixture.js';
import { LocationFixture } from '../integrations/location-fixture.js';

const PATH = '/api/v1/accounts/1/integrations/ghl/matches';
const PHONE = '+14155550142';

const database = useDatabase();
let site: LocationFixture;
let hookId: number;

beforeAll(async () => {
  site = await LocationFixture.start(database.source, {
    api: [ContactSyncHttpModule],
    worker: [ContactSyncWorkerModule],
  });
});
beforeEach(async () => {
  hookId = await site.reset();
  await database.query('truncate ghl.ambiguous_matches restart identity');
});
afterAll(() => site.stop());

/** Contacts that Rails, or an import of its own, let into the table. */
async function here(
  ...people: { name: string; email?: string; phone?: string; city?: string }[]
): Promise<number[]> {
  const ids: number[] = [];
  for (const { name, email = null, phone = null, city } of people) {
    const [row] = await database.query<{ id: number }>(
      `insert into contacts (account_id, name, email, phone_number, additional_attributes, created_at, updated_at)
       values (1, $1, $2, $3, $4, now(), now()) returning id`,
      [name, email, phone, city === undefined ? {} : { city }],
    );
    ids.push(row!.id);
  }
  await database.query('truncate ghl.outbox');
  return ids;
}

/** An event about a contact of HighLevel. @returns how it ended */
async function tell(contact: HighLevelContact): Promise<object> {
  const hook = await site.worker.get(Hooks).findById(hookId);
  const { dateUpdated, ...rest } = contact;
  const [result] = await database.source.transaction((manager) =>
    site.worker
      .get(ContactSync)
      .applyEvents(manager, hook!, [
        { id: 1, eventAt: new Date(dateUpdated), event: { ...rest, type: 'ContactUpdate' } },
      ]),
  );
  return result!;
}

const open = async (query = ''): Promise<Record<string, unknown>[]> =>
  (await site.api.call('GET', PATH + query, { as: 'admin' })).body['payload'] as Record<string, unknown>[];
const resolve = (contact_id: unknown, id = 1): Promise<Answer> =>
  site.api.call('POST', `${PATH}/${id}/resolve`, { as: 'admin', body: { contact_id } });
const links = (): Promise<{ contact_id: number; ghl_contact_id: string }[]> =>
  database.query('select contact_id, ghl_contact_id from ghl.contact_links');

describe('a contact of HighLevel that may be one of several', () => {
  it.each([
    ['several_with_email', { email: 'MARA@example.test' }, { email: 'mara@example.test' }],
    ['several_with_phone', { phone: PHONE }, { phone: PHONE }],
  ])('(%s) is left for a person to decide', async (reason, one, other) => {
    const ids = await here({ name: 'Mara', ...one }, { name: 'Mara Q', ...other });
    const [there] = site.seed(1, () => ({
      email: undefined,
      ...other,
      firstName: 'Mara',
      lastName: 'Quill',
    }));
    expect(await tell(there!)).toMatchObject({ outcome: 'ignored', reason: 'ambiguous_match' });
    expect(await site.contacts()).toHaveLength(2);
    expect(await links()).toEqual([]);
    expect(await open()).toMatchObject([
      {
        id: 1,
        reason,
        ghl_contact_id: there!.id,
        name: 'Mara Quill',
        candidates: ids.map((id) => ({ id })),
        resolved_at: null,
      },
    ]);
    await tell(there!);
    expect(await open()).toHaveLength(1);
  });

  it('is not guessed by an import either', async () => {
    await here({ name: 'A', phone: PHONE }, { name: 'B', phone: PHONE });
    const [there] = site.seed(1, () => ({ email: undefined, phone: PHONE }));
    const hook = await site.worker.get(Hooks).findById(hookId);
    const contact = { ...there!, customFields: [] };
    await database.source.transaction((manager) =>
      site.worker.get(ContactSync).applyFound(manager, hook!, [contact], new Date()),
    );
    expect(await open()).toHaveLength(1);
    expect(await site.contacts()).toHaveLength(2);
  });

  it('is no such thing when only one of them has no partner, or the e-mail tells them apart', async () => {
    await here({ name: 'A', phone: PHONE }, { name: 'B', phone: PHONE, email: 'b@example.test' });
    const [there] = site.seed(1, () => ({ email: 'b@example.test', phone: PHONE }));
    expect(await tell(there!)).toMatchObject({ outcome: 'applied' });
    const [another] = site.seed(1, () => ({ email: undefined, phone: PHONE }));
    expect(await tell(another!)).toMatchObject({ outcome: 'applied' });
    expect((await links()).length).toBe(2);
    expect(await open()).toEqual([]);
  });

  it('is one of them when a person says so: both are linked and merged', async () => {
    const [, second] = await here({ name: 'A', phone: PHONE }, { name: 'B', phone: PHONE, city: 'Bergen' });
    const [there] = site.seed(1, () => ({
      email: undefined,
      phone: PHONE,
      firstName: 'Mara',
      lastName: 'Quill',
      website: 'https://q.test',
    }));
    await tell(there!);
    const { status, body } = await resolve(second);
    expect(status).toBe(200);
    expect(body['payload']).toMatchObject({ contact_id: second, resolved_by: expect.any(Number) as number });
    expect(await links()).toEqual([{ contact_id: second, ghl_contact_id: there!.id }]);
    expect(
      await database.query(
        'select name, ghl_contact_id, additional_attributes as more from contacts where id = $1',
        [second],
      ),
    ).toMatchObject([
      { name: 'Mara Quill', ghl_contact_id: there!.id, more: { city: 'Bergen', website: 'https://q.test' } },
    ]);
    await site.worker.get(OutboundProcessor).work({ data: { hookId } });
    expect(site.there()[0]).toMatchObject({ city: 'Bergen' });
    expect(await open()).toEqual([]);
    expect(await open('?resolved=true')).toHaveLength(1);
    expect((await resolve(second)).status).toBe(200);
    expect(
      await database.query(`select details from ghl.audit_events where action = 'match.resolve'`),
    ).toHaveLength(1);
  });

  it('is somebody new when a person says so', async () => {
    await here({ name: 'A', phone: PHONE }, { name: 'B', phone: PHONE });
    const [there] = site.seed(1, () => ({
      email: 'new@example.test',
      phone: PHONE,
      firstName: 'Mara',
      lastName: 'Quill',
    }));
    await tell(there!);
    expect((await resolve(null)).status).toBe(200);
    expect(await site.contacts()).toHaveLength(3);
    expect((await site.contacts())[2]).toMatchObject({
      name: 'Mara Quill',
      email: 'new@example.test',
      ghl_contact_id: there!.id,
    });
  });

  it('may find its partner by itself when DeskFlow merges the two', async () => {
    const [first] = await here({ name: 'A', phone: PHONE }, { name: 'B', phone: PHONE });
    const [there] = site.seed(1, () => ({ email: undefined, phone: PHONE }));
    await tell(there!);
    await database.query('delete from contacts where id = $1', [first]);
    expect(await tell(there!)).toMatchObject({ outcome: 'applied' });
    expect(await open()).toEqual([]);
    expect(await resolve(null)).toMatchObject({ status: 409 });
  });

  it('is refused where it cannot be decided so, and nothing changes', async () => {
    const [first] = await here({ name: 'A', phone: PHONE }, { name: 'B', phone: PHONE });
    const [there, other] = [
      ...site.seed(1, () => ({ email: undefined, phone: PHONE })),
      ...site.seed(1, () => ({ email: 'other@example.test' })),
    ];
    await tell(there!);
    await tell(other!);
    const taken = (await links())[0]!.contact_id;
    expect((await resolve(taken)).status).toBe(409);
    expect((await resolve(999)).status).toBe(404);
    expect((await resolve(first, 99)).status).toBe(404);
    for (const wrong of ['x', 0, 1.5, undefined, 2 ** 40]) expect((await resolve(wrong)).status).toBe(422);
    site.connections.simulator.faults.add({ kind: 'status', path: '/contacts/', status: 503, times: 5 });
    expect((await resolve(first)).body).toMatchObject({ code: 'highlevel_unavailable' });
    site.connections.simulator.faults.clear();
    site.connections.simulator.contacts.remove(there!);
    expect((await resolve(first)).status).toBe(404);
    expect(
      (await site.api.call('POST', `${PATH}/1/resolve`, { as: 'agent', body: { contact_id: first } })).status,
    ).toBe(401);
    expect(await links()).toHaveLength(1);
    expect(await open()).toHaveLength(1);
  });
});
