import { type EntityManager } from 'typeorm';
import { useDatabase } from '../harness/database.js';
import { ACCOUNT, TwoSides, uniqueEmail } from './two-sides.js';

const db = useDatabase();
let sides: TwoSides;

beforeAll(async () => {
  sides = await TwoSides.open(db.source);
});
afterAll(() => sides.close());
beforeEach(async () => {
  await sides.reset();
  await sides.choices.change(ACCOUNT, 1, { onDelete: 'delete' });
});

/** As Chatwoot's ContactMergeAction: the one is deleted, then the other gets what it lacks, in one transaction. */
async function merge(baseId: number, mergeeId: number): Promise<void> {
  await db.source.transaction(async (manager) => {
    const mergee = await rowOf(manager, mergeeId);
    await manager.query('delete from contacts where id = $1', [mergeeId]);
    await manager.query(
      `update contacts set email = coalesce(email, $2), phone_number = coalesce(phone_number, $3),
              identifier = coalesce(identifier, $4),
              additional_attributes = $5::jsonb || additional_attributes,
              custom_attributes = $6::jsonb || custom_attributes, updated_at = now()
        where id = $1`,
      [
        baseId,
        mergee['email'],
        mergee['phone_number'],
        mergee['identifier'],
        mergee['additional_attributes'],
        mergee['custom_attributes'],
      ],
    );
  });
}

async function rowOf(manager: EntityManager, id: number): Promise<Record<string, unknown>> {
  const [row] = await manager.query<Record<string, unknown>[]>('select * from contacts where id = $1', [id]);
  return row ?? {};
}

const isThere = (ghlId: string): boolean => sides.there(ghlId) !== undefined;

describe('two contacts that are merged in DeskFlow', () => {
  it('of which the one that goes has a partner: the other has it from then on', async () => {
    const { id: mergee, ghlId } = await sides.linked({ city: 'Oakland' });
    const base = await sides.create({ name: 'Mara of the Chat' }); // neither e-mail nor phone: HighLevel has it not
    await sides.settle();
    await merge(base.id, mergee);
    await sides.settle();
    expect(await sides.links()).toMatchObject([
      { contactId: base.id, ghlContactId: ghlId, localDeletedAt: null },
    ]);
    expect(await sides.contact(base.id)).toMatchObject({ ghlContactId: ghlId, identifier: ghlId });
    expect(sides.there(ghlId)).toMatchObject({ firstName: 'Mara', lastName: 'of the Chat', city: 'Oakland' });

    await sides.editThere(ghlId, { city: 'Bergen' });
    await sides.settle();
    expect((await sides.contact(base.id)).additionalAttributes).toMatchObject({ city: 'Bergen' });
    expect(await sides.contacts()).toHaveLength(1);
  });

  it('of which the one that stays has a partner: it keeps that, and HighLevel hears of the new values only', async () => {
    const { id: base, ghlId } = await sides.linked();
    const mergee = await sides.create({
      name: 'Mara again',
      additionalAttributes: { website: 'https://quill.example.test' },
    });
    await sides.settle();
    await merge(base, mergee.id);
    await sides.settle();
    expect(await sides.links()).toMatchObject([{ contactId: base, ghlContactId: ghlId }]);
    expect(sides.there(ghlId)).toMatchObject({ website: 'https://quill.example.test' });
  });

  it('that both have partners: each of those stays in HighLevel, and the one that is left over goes its own way', async () => {
    const one = await sides.linked();
    const other = await sides.linked({ city: 'Oakland' });
    await merge(one.id, other.id);
    await sides.settle();
    expect(isThere(one.ghlId)).toBe(true);
    expect(isThere(other.ghlId)).toBe(true);
    expect(sides.there(one.ghlId)).toMatchObject({ city: 'Oakland' });
    expect(await sides.contacts()).toHaveLength(1);
    expect((await sides.outbox()).filter(({ operation }) => operation === 'delete')).toMatchObject([
      { state: 'done', reason: 'merged_in_deskflow' },
    ]);
    await sides.editThere(other.ghlId, { city: 'Bergen' });
    await sides.settle();
    expect(await sides.contacts()).toHaveLength(1);
  });

  it('of which the one that stays takes the e-mail over: it has the partner, whoever is pushed first', async () => {
    const { id: mergee, ghlId } = await sides.linked({ phone: '+14155550177' });
    const base = await sides.create({ name: 'Mara', phoneNumber: null, identifier: 'widget-1' });
    await sides.settle();
    await merge(base.id, mergee);
    await db.query(
      `update ghl.outbox set next_attempt_at = now() + interval '1 hour' where operation = 'delete'`,
    );
    await sides.push();
    await db.query('update ghl.outbox set next_attempt_at = now()');
    await sides.settle();
    expect(await sides.links()).toMatchObject([{ contactId: base.id, ghlContactId: ghlId }]);
    expect(await sides.contact(base.id)).toMatchObject({ identifier: 'widget-1', ghlContactId: ghlId });
    expect(isThere(ghlId)).toBe(true);
  });
});

describe('contacts that are deleted in DeskFlow', () => {
  it('are deleted in HighLevel, as the account wants it, alone or together', async () => {
    const one = await sides.linked();
    const another = await sides.linked();
    const third = await sides.linked();
    await db.query('delete from contacts where id = $1', [one.id]);
    await db.query('delete from contacts where id = any($1::int[])', [[another.id, third.id]]);
    await sides.settle();
    expect([one, another, third].map(({ ghlId }) => isThere(ghlId))).toEqual([false, false, false]);
  });

  it('in a transaction that changes many others, too', async () => {
    const deleted = await sides.linked();
    const others = [await sides.linked(), await sides.linked()];
    await db.source.transaction(async (manager) => {
      await manager.query('delete from contacts where id = $1', [deleted.id]);
      await manager.query(`update contacts set name = name || ' x' where id = any($1::int[])`, [
        others.map(({ id }) => id),
      ]);
    });
    await sides.settle();
    expect(isThere(deleted.ghlId)).toBe(false);
  });

  it('and come again with another name and the same e-mail have their partner back', async () => {
    const email = uniqueEmail();
    const { id, ghlId } = await sides.linked({ email });
    await db.query('delete from contacts where id = $1', [id]);
    const again = await sides.create({ name: 'Mara Returned', email });
    await sides.settle();
    expect(isThere(ghlId)).toBe(true);
    expect(await sides.links()).toMatchObject([{ contactId: again.id, ghlContactId: ghlId }]);
  });
});
