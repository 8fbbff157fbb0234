import { type QueryRunner } from 'typeorm';
import { useDatabase } from '../harness/database.js';
import { holdCall } from '../harness/held-call.js';
import { TwoSides } from './two-sides.js';
import { untilBlocked } from '../harness/until-blocked.js';

/** As in libs/contact-sync/contact-links.ts: what is locked of HighLevel's. */
const REMOTE_CONTACT_LOCK = 0x67686c11;

describe('a change that plain SQL made', () => {
  const db = useDatabase();
  let sides: TwoSides;
  let other: QueryRunner;

  beforeAll(async () => {
    sides = await TwoSides.open(db.source);
    other = db.source.createQueryRunner();
  });
  afterAll(async () => {
    await other.release();
    await sides.close();
  });
  beforeEach(() => sides.reset());

  const unique = (): string => Math.random().toString(36).slice(2);

  async function insert(name: string, email: string | null = `${unique()}@example.test`): Promise<number> {
    const [row] = await db.query<{ id: number }>(
      `insert into contacts (account_id, name, email, created_at, updated_at) values (1, $1, $2, now(), now()) returning id`,
      [name, email],
    );
    return row?.id ?? 0;
  }

  /** In agreement with HighLevel. */
  async function linked(name = 'Mara'): Promise<{ id: number; ghlId: string }> {
    const id = await insert(name);
    await sides.settle();
    await db.query('truncate ghl.outbox');
    sides.simulator.requests.clear();
    return { id, ghlId: (await sides.contact(id)).ghlContactId ?? '' };
  }

  it('by insert, update and tagging reaches HighLevel', async () => {
    const id = await insert('Mara Quill');
    await sides.settle();
    const ghlId = (await sides.contact(id)).ghlContactId ?? '';
    expect(sides.there(ghlId)).toMatchObject({ firstName: 'Mara', lastName: 'Quill' });

    await db.query(
      `update contacts set phone_number = '+14155559201',
              additional_attributes = additional_attributes || '{"city": "Oakland"}' where id = $1`,
      [id],
    );
    await db.query(`insert into tags (name, taggings_count) values ('vip', 1)`);
    await db.query(
      `insert into taggings (tag_id, taggable_type, taggable_id, context, created_at)
       select id, 'Contact', $1, 'labels', now() from tags`,
      [id],
    );
    await sides.settle();
    expect(sides.there(ghlId)).toMatchObject({ phone: '+14155559201', city: 'Oakland', tags: ['vip'] });

    await db.query('delete from taggings');
    await sides.settle();
    expect(sides.there(ghlId)).toMatchObject({ tags: [] });
  });

  it.each([
    ['last_activity_at', `update contacts set last_activity_at = now(), updated_at = now()`],
    ['what is HighLevel’s to say', `update contacts set custom_attributes = '{"ghl_dnd": true}'`],
    [
      'other CRMs’ ids',
      `update contacts set additional_attributes = additional_attributes || '{"external": {}}'`,
    ],
    ['no value at all', `update contacts set name = name`],
    [
      'a label of a conversation',
      `insert into taggings (tag_id, taggable_type, taggable_id, context, created_at)
       select 1, 'Conversation', id, 'labels', now() from contacts`,
    ],
  ])('to %s is none of HighLevel’s business', async (_, statement) => {
    await linked();
    await db.query(statement);
    expect(await sides.outbox()).toEqual([]);
  });

  it.each(['null', `'null'`, `'[]'`, `'["a"]'`, `'"text"'`, '5::text::jsonb'])(
    'to attributes that are %s does not stop the rest',
    async (value) => {
      const { id, ghlId } = await linked();
      await db.query(
        `update contacts set name = 'Maria', custom_attributes = ${value}, additional_attributes = ${value}`,
      );
      await sides.settle();
      expect(sides.there(ghlId)).toMatchObject({ firstName: 'Maria' });
      await sides.editThere(ghlId, { city: 'Oakland' });
      await sides.deliver();
      expect(await sides.contact(id)).toMatchObject({ name: 'Maria', location: 'Oakland' });
    },
  );

  it('is one push with those before it', async () => {
    const { ghlId } = await linked();
    for (const name of ['One', 'Two', 'Three']) await db.query('update contacts set name = $1', [name]);
    await sides.settle();
    expect(await sides.outbox()).toMatchObject([{ state: 'done' }]);
    expect(sides.writes).toBe(1);
    expect(sides.there(ghlId)).toMatchObject({ firstName: 'Three' });
  });

  it('is not captured when it is taken back', async () => {
    await linked();
    await other.startTransaction();
    await other.query(`update contacts set name = 'Maria'`);
    await other.rollbackTransaction();
    expect(await sides.outbox()).toEqual([]);
  });

  it('while its contact is pushed is not lost, nor written over by the answer', async () => {
    const { id, ghlId } = await linked();
    const call = holdCall(sides.simulator.faults, { method: 'PUT' });
    await db.query(`update contacts set name = 'First'`);
    const pushing = sides.push();
    await call.arrived();
    await db.query(`update contacts set name = 'Second'`);
    call.letGo();
    await pushing;
    await sides.settle();
    expect(await sides.contact(id)).toMatchObject({ name: 'Second' });
    expect(sides.there(ghlId)).toMatchObject({ firstName: 'Second' });
    expect(await sides.outbox()).toMatchObject([{ state: 'done' }, { state: 'done' }]);
  });

  it('in a transaction that is still open waits for its end, though an older change is due', async () => {
    const { ghlId } = await linked();
    await db.query(`update contacts set name = 'First'`);
    await other.startTransaction();
    await other.query(`update contacts set name = 'Second'`);
    await sides.push();
    expect(await sides.outbox()).toMatchObject([{ state: 'pending' }]);
    await other.commitTransaction();
    await sides.settle();
    expect(sides.there(ghlId)).toMatchObject({ firstName: 'Second' });
    expect(sides.writes).toBe(1);
  });

  it('is written down again when PostgreSQL ended that for another transaction, without a second call', async () => {
    const { id, ghlId } = await linked();
    await db.query(`update contacts set name = 'Maria'`);
    await other.startTransaction();
    await other.query('select from contacts where id = $1 for update', [id]);
    const pushing = sides.push();
    await untilBlocked(db);
    // The push holds the lock on HighLevel's contact and waits for ours; whoever has ours now wants that.
    await other.query(
      `select pg_advisory_xact_lock(classid::int, objid::int) from pg_locks
        where database = (select oid from pg_database where datname = current_database())
          and objsubid = 2 and classid = $1`,
      [REMOTE_CONTACT_LOCK],
    );
    await other.commitTransaction();
    await pushing;
    expect(await sides.outbox()).toMatchObject([{ state: 'done', attempts: 1 }]);
    expect(sides.writes).toBe(1);
    expect((await sides.links())[0]).toMatchObject({ ghlContactId: ghlId, snapshot: { firstName: 'Maria' } });
  });

  it('is kept from the location it came from only', async () => {
    const { id } = await linked();
    const [second] = await db.query<{ id: number }>(
      `insert into integrations_hooks (account_id, app_id, hook_type, reference_id, access_token, status, created_at, updated_at)
       values (1, 'gohighlevel', 0, 'Loc0InventedSubacc99', 'x', 1, now(), now()) returning id`,
    );
    try {
      await db.query(
        `insert into ghl.contact_links (account_id, location_id, contact_id, ghl_contact_id, snapshot)
         values (1, 'Loc0InventedSubacc99', $1, 'There', '{}')`,
        [id],
      );
      const { ghlContactId } = await sides.contact(id);
      await sides.editThere(ghlContactId ?? '', { city: 'Oakland' });
      await sides.deliver();
      const rows = await db.query('select hook_id, contact_id, ghl_contact_id from ghl.outbox');
      expect(rows).toEqual([{ hook_id: second?.id, contact_id: id, ghl_contact_id: 'There' }]);
    } finally {
      await db.query('delete from integrations_hooks where id = $1', [second?.id]);
    }
  });
});
