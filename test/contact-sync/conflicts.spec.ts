import { type ConflictPolicy } from '#libs/database';
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
  await db.source.query('truncate ghl.sync_settings, ghl.sync_conflicts, ghl.audit_events');
});

const choose = (changes: Parameters<typeof sides.choices.change>[2]): Promise<unknown> =>
  sides.choices.change(ACCOUNT, 1, changes);

const conflicts = (): Promise<Record<string, unknown>[]> =>
  db.source.query('select * from ghl.sync_conflicts order by id');

const nameThere = (ghlId: string): unknown => sides.there(ghlId)?.['firstName'];

/** Both sides change the name; HighLevel's change arrives before DeskFlow's is sent. */
async function bothRename(first: 'deskflow' | 'highlevel'): Promise<{ id: number; ghlId: string }> {
  const pair = await sides.linked();
  const here = (): Promise<void> => sides.edit(pair.id, { name: 'Maria' });
  const there = (): Promise<void> => sides.editThere(pair.ghlId, { firstName: 'Marie' });
  for (const change of first === 'deskflow' ? [here, there] : [there, here]) {
    await change();
    await new Promise((resolve) => setTimeout(resolve, 20)); // two clocks, and milliseconds
  }
  await sides.deliver();
  return pair;
}

/** HighLevel changes first, DeskFlow pushes over it, and only then HighLevel's event comes. */
async function pushOver(first: 'deskflow' | 'highlevel'): Promise<{ id: number; ghlId: string }> {
  const pair = await sides.linked({ city: 'Oakland' });
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
  const here = (): Promise<void> => sides.edit(pair.id, { name: 'Maria' });
  const there = (): Promise<void> => sides.editThere(pair.ghlId, { firstName: 'Marie', city: 'Bergen' });
  for (const change of first === 'deskflow' ? [here, there] : [there, here]) {
    await change();
    await pause();
  }
  await sides.push();
  await pause();
  await sides.deliver();
  return pair;
}

describe('a change of HighLevel that a push wrote over before it was told', () => {
  it.each<[ConflictPolicy, 'deskflow' | 'highlevel', string]>([
    ['latest_wins', 'deskflow', 'Marie'],
    ['latest_wins', 'highlevel', 'Maria'],
    ['deskflow_wins', 'deskflow', 'Maria'],
    ['highlevel_wins', 'highlevel', 'Marie'],
  ])(
    '%s, %s first: both sides end with %s, and the conflict is recorded',
    async (conflictPolicy, first, name) => {
      await choose({ conflictPolicy });
      const { id, ghlId } = await pushOver(first);
      await sides.settle();
      expect(await sides.contact(id)).toMatchObject({ name, location: 'Bergen' });
      expect(nameThere(ghlId)).toBe(name);
      expect(sides.there(ghlId)).toMatchObject({ city: 'Bergen' });
      expect(await conflicts()).toMatchObject([
        {
          contact_id: id,
          field: 'firstName',
          base: 'Mara',
          deskflow: 'Maria',
          highlevel: 'Marie',
          kept: name === 'Maria' ? 'deskflow' : 'highlevel',
        },
      ]);
    },
  );

  it('is settled once, however often it is told', async () => {
    await choose({ conflictPolicy: 'highlevel_wins' });
    const { id, ghlId } = await sides.linked();
    await sides.edit(id, { name: 'Maria' });
    await sides.editThere(ghlId, { firstName: 'Marie' });
    const events = await sides.dropEvents();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await sides.push();
    const echo = await sides.dropEvents();
    await sides.apply([...echo, ...events]);
    await sides.apply(events);
    await sides.settle();
    await sides.apply(events);
    await sides.settle();
    expect(nameThere(ghlId)).toBe('Marie');
    expect(await conflicts()).toHaveLength(1);
  });

  it('is none where it was changed once more since', async () => {
    const { id, ghlId } = await sides.linked();
    await sides.edit(id, { name: 'Maria' });
    await sides.editThere(ghlId, { firstName: 'Marie' });
    const late = await sides.dropEvents();
    await sides.push();
    await sides.editThere(ghlId, { firstName: 'Mia' });
    await sides.deliver();
    await sides.apply(late);
    await sides.settle();
    expect((await sides.contact(id)).name).toBe('Mia');
    expect(nameThere(ghlId)).toBe('Mia');
  });
});

describe('a field that both sides changed', () => {
  it.each<[ConflictPolicy, 'deskflow' | 'highlevel', string]>([
    ['latest_wins', 'deskflow', 'Marie'],
    ['latest_wins', 'highlevel', 'Maria'],
    ['deskflow_wins', 'deskflow', 'Maria'],
    ['deskflow_wins', 'highlevel', 'Maria'],
    ['highlevel_wins', 'deskflow', 'Marie'],
    ['highlevel_wins', 'highlevel', 'Marie'],
  ])('%s, %s first: both sides end with %s', async (conflictPolicy, first, name) => {
    await choose({ conflictPolicy });
    const { id, ghlId } = await bothRename(first);
    await sides.settle();
    expect((await sides.contact(id)).name).toBe(name);
    expect(nameThere(ghlId)).toBe(name);
    expect(await conflicts()).toMatchObject([
      {
        account_id: ACCOUNT,
        contact_id: id,
        ghl_contact_id: ghlId,
        location_id: sides.locationId,
        field: 'firstName',
        base: 'Mara',
        deskflow: 'Maria',
        highlevel: 'Marie',
        policy: conflictPolicy,
        kept: name === 'Maria' ? 'deskflow' : 'highlevel',
        deskflow_at: expect.any(Date) as Date,
        highlevel_at: expect.any(Date) as Date,
        reversed_at: null,
      },
    ]);
  });

  it('goes to whoever changed it last unless the account has chosen otherwise', async () => {
    const { id } = await bothRename('highlevel');
    expect((await sides.contact(id)).name).toBe('Maria');
  });

  it('leaves what only one side changed as it is', async () => {
    await choose({ conflictPolicy: 'deskflow_wins' });
    const { id, ghlId } = await sides.linked();
    await sides.edit(id, { name: 'Maria' });
    await sides.editThere(ghlId, { firstName: 'Marie', city: 'Oakland' });
    await sides.deliver();
    await sides.settle();
    expect(await sides.contact(id)).toMatchObject({ name: 'Maria', location: 'Oakland' });
    expect(sides.there(ghlId)).toMatchObject({ firstName: 'Maria', city: 'Oakland' });
  });

  it('is sent although the row that was to send it had failed for good', async () => {
    await choose({ conflictPolicy: 'deskflow_wins' });
    const { id, ghlId } = await sides.linked();
    await sides.edit(id, { name: 'Maria' });
    await db.source.query(`update ghl.outbox set state = 'dead', reason = 'refused_by_highlevel'`);
    await sides.editThere(ghlId, { firstName: 'Marie' });
    await sides.deliver();
    await sides.settle();
    expect(nameThere(ghlId)).toBe('Maria');
  });

  it('is HighLevel’s where the field is HighLevel’s to decide', async () => {
    await choose({ conflictPolicy: 'deskflow_wins' });
    const { id, ghlId } = await sides.linked({ dnd: false });
    await sides.edit(id, ({ customAttributes }) => ({
      customAttributes: { ...(customAttributes as object), ghl_dnd: 'mine' },
    }));
    await sides.editThere(ghlId, { dnd: true });
    await sides.deliver();
    expect((await sides.contact(id)).customAttributes).toMatchObject({ ghl_dnd: true });
  });

  it('is no conflict where both made the same of it', async () => {
    const { id, ghlId } = await sides.linked();
    await sides.edit(id, { name: 'Maria' });
    await sides.editThere(ghlId, { firstName: 'Maria' });
    await sides.deliver();
    expect(await conflicts()).toEqual([]);
  });

  it('is told once, however often its event comes', async () => {
    await choose({ conflictPolicy: 'highlevel_wins' });
    const { id, ghlId } = await sides.linked();
    await sides.edit(id, { name: 'Maria' });
    await sides.editThere(ghlId, { firstName: 'Marie' });
    const events = await sides.dropEvents();
    await sides.apply(events);
    await sides.apply(events);
    expect(await conflicts()).toHaveLength(1);
  });
});

describe('a contact that both sides had before they were connected', () => {
  it.each<[ConflictPolicy, string]>([
    ['latest_wins', 'Marie'],
    ['highlevel_wins', 'Marie'],
    ['deskflow_wins', 'Maria'],
  ])('%s: both end as %s, and what was lost is known', async (conflictPolicy, name) => {
    await choose({ conflictPolicy });
    const email = uniqueEmail();
    const { id } = await sides.create({ name: 'Maria', email });
    await db.source.query('truncate ghl.outbox'); // it was there before the connection
    const ghlId = await sides.createThere({ firstName: 'Marie', email });
    await sides.deliver();
    await sides.settle();
    expect((await sides.contact(id)).name).toBe(name);
    expect(nameThere(ghlId)).toBe(name);
    expect(await conflicts()).toMatchObject([
      { field: 'firstName', base: null, deskflow: 'Maria', highlevel: 'Marie' },
    ]);
  });
});

describe('reversing a conflict', () => {
  it.each<[ConflictPolicy, string]>([
    ['highlevel_wins', 'Maria'],
    ['deskflow_wins', 'Marie'],
  ])('of %s puts the other value on both sides', async (conflictPolicy, other) => {
    await choose({ conflictPolicy });
    const { id, ghlId } = await bothRename('deskflow');
    await sides.settle();
    const [conflict] = await conflicts();
    const { outcome } = await sides.conflictLog.reverse(ACCOUNT, 1, Number(conflict!['id']));
    expect(outcome).toBe('reversed');
    await sides.settle();
    expect((await sides.contact(id)).name).toBe(other);
    expect(nameThere(ghlId)).toBe(other);
    expect(await conflicts()).toMatchObject([{ reversed_by: 1, reversed_at: expect.any(Date) as Date }]);
  });

  it('twice is reversing it once', async () => {
    await choose({ conflictPolicy: 'highlevel_wins' });
    const { id } = await bothRename('deskflow');
    const [conflict] = await conflicts();
    const reverse = () => sides.conflictLog.reverse(ACCOUNT, 1, Number(conflict!['id']));
    await reverse();
    await sides.edit(id, { name: 'Marietta' });
    expect((await reverse()).outcome).toBe('already_reversed');
    expect((await sides.contact(id)).name).toBe('Marietta');
  });

  it('at the same moment by two people is done by one', async () => {
    await choose({ conflictPolicy: 'highlevel_wins' });
    await bothRename('deskflow');
    const [conflict] = await conflicts();
    const outcomes = await Promise.all(
      [1, 2].map((userId) => sides.conflictLog.reverse(ACCOUNT, userId, Number(conflict!['id']))),
    );
    expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(['already_reversed', 'reversed']);
  });

  it('is impossible when the contact is gone, and for another account', async () => {
    const { id } = await bothRename('deskflow');
    const [conflict] = await conflicts();
    const conflictId = Number(conflict!['id']);
    await expect(sides.conflictLog.reverse(ACCOUNT + 1, 1, conflictId)).rejects.toThrow('Conflict not found');
    await db.source.query('delete from contacts where id = $1', [id]);
    await expect(sides.conflictLog.reverse(ACCOUNT, 1, conflictId)).rejects.toThrow('Contact not found');
    expect(await conflicts()).toMatchObject([{ reversed_at: null }]);
  });

  it('puts custom fields back as it does values', async () => {
    await choose({ conflictPolicy: 'highlevel_wins' });
    const { id, ghlId } = await sides.linked({ customFields: [{ id: 'Fld1', value: 'old' }] });
    await sides.edit(id, ({ customAttributes }) => ({
      customAttributes: { ...(customAttributes as object), ghl_field_Fld1: 'ours' },
    }));
    await sides.editThere(ghlId, { customFields: [{ id: 'Fld1', value: 'theirs' }] });
    await sides.deliver();
    const [conflict] = await conflicts();
    expect(conflict).toMatchObject({ field: 'customFields.Fld1', deskflow: 'ours', highlevel: 'theirs' });
    await sides.conflictLog.reverse(ACCOUNT, 1, Number(conflict!['id']));
    await sides.settle();
    expect((await sides.contact(id)).customAttributes).toMatchObject({ ghl_field_Fld1: 'ours' });
  });
});

describe('a contact that is deleted in DeskFlow', () => {
  it.each([
    ['leave', 'left_in_highlevel'],
    ['archive', 'archived_in_highlevel'],
    ['delete', 'removed_from_highlevel'],
  ] as const)('%s: its partner goes the way the account has chosen', async (onDelete, reason) => {
    await choose({ onDelete });
    const { id, ghlId } = await sides.linked({ tags: ['vip'] });
    await db.source.query('delete from contacts where id = $1', [id]);
    await sides.settle();
    const there = sides.there(ghlId);
    if (onDelete === 'delete') expect(there).toBeUndefined();
    else expect(there?.['tags']).toEqual(onDelete === 'archive' ? ['vip', 'deleted in deskflow'] : ['vip']);
    expect(await sides.outbox()).toMatchObject([{ operation: 'delete', state: 'done', reason }]);
    expect(await sides.contacts()).toEqual([]); // and HighLevel's events about it bring nothing back
  });

  it('and was deleted in HighLevel before is left at that', async () => {
    await choose({ onDelete: 'delete' });
    const { id, ghlId } = await sides.linked();
    await sides.person('DELETE', ghlId);
    await sides.dropEvents();
    await db.source.query('delete from contacts where id = $1', [id]);
    await sides.settle();
    expect(await sides.outbox()).toMatchObject([{ state: 'done', reason: 'removed_from_highlevel' }]);
  });
});

describe('the choices of an account', () => {
  it('are audited when they change, and only then', async () => {
    await choose({ conflictPolicy: 'deskflow_wins' });
    await choose({ conflictPolicy: 'deskflow_wins' });
    await choose({});
    expect(
      await db.source.query('select action, actor_user_id, details from ghl.audit_events order by id'),
    ).toEqual([
      {
        action: 'settings.change',
        actor_user_id: 1,
        details: { conflict_policy: 'deskflow_wins', on_delete: 'leave', sso_role: 'agent' },
      },
    ]);
  });

  it('hold for that account alone', async () => {
    await choose({ conflictPolicy: 'deskflow_wins' });
    expect(await sides.choices.of(ACCOUNT + 1)).toEqual({
      conflictPolicy: 'latest_wins',
      onDelete: 'leave',
      ssoRole: 'agent',
    });
  });
});
