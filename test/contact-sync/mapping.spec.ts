import { useDatabase } from '../harness/database.js';
import { TwoSides } from './two-sides.js';

const db = useDatabase();
let sides: TwoSides;
/** A number, in the simulator's location. */
let budget: string;

beforeAll(async () => {
  sides = await TwoSides.open(db.source);
  const field = sides.simulator.world.customFields
    .values()
    .find(({ locationId, dataType }) => locationId === sides.locationId && dataType === 'NUMERICAL');
  budget = field!.id;
});
afterAll(() => sides.close());
beforeEach(async () => {
  await sides.reset();
  await db.query('truncate ghl.field_mappings');
});

async function choose(field: string, direction: string, attribute: string | null = null): Promise<void> {
  await db.query(
    `insert into ghl.field_mappings (account_id, location_id, field, direction, attribute, data_type)
     values (1, $1, $2, $3, $4, case when $2 like 'customFields.%' then 'NUMERICAL' end)`,
    [sides.locationId, field, direction, attribute],
  );
}

const custom = async (id: number): Promise<Record<string, unknown>> => ({
  ...(await sides.contact(id)).customAttributes,
});
const setCustom = (id: number, key: string, value: unknown): Promise<void> =>
  sides.edit(id, ({ customAttributes }) => ({ customAttributes: { ...customAttributes, [key]: value } }));
const remoteBudget = (ghlId: string): unknown =>
  (sides.there(ghlId)?.['customFields'] as { id: string; value: unknown }[]).find(({ id }) => id === budget)
    ?.value;

describe('a custom field with an attribute of its own', () => {
  it('goes both ways as a number, whatever DeskFlow keeps it as', async () => {
    await choose(`customFields.${budget}`, 'both', 'budget');
    const { id, ghlId } = await sides.linked({ customFields: [{ id: budget, field_value: 1200 }] });
    expect(await custom(id)).toMatchObject({ budget: 1200 });
    await setCustom(id, 'budget', '1500');
    await sides.settle();
    expect(remoteBudget(ghlId)).toBe(1500);
    await sides.editThere(ghlId, { customFields: [{ id: budget, field_value: 1700 }] });
    await sides.settle();
    expect(await custom(id)).toMatchObject({ budget: 1700 });
    await setCustom(id, 'budget', 'plenty');
    await sides.settle();
    expect(remoteBudget(ghlId)).toBe(1700);
    expect((await sides.outbox()).every(({ state }) => state === 'done')).toBe(true);
  });

  it('travels with a contact that DeskFlow creates', async () => {
    await choose(`customFields.${budget}`, 'both', 'budget');
    await sides.create({
      name: 'Mara',
      email: 'mara.budget@example.test',
      customAttributes: { budget: 900 },
    });
    await sides.settle();
    expect(remoteBudget((await sides.links())[0]!.ghlContactId)).toBe(900);
  });
});

describe('a field that goes one way', () => {
  it('in: HighLevel decides, and DeskFlow’s changes stay here', async () => {
    await choose('city', 'in');
    const { id, ghlId } = await sides.linked({ city: 'Oakland' });
    await sides.edit(id, { additionalAttributes: { city: 'Here' } });
    await sides.settle();
    expect(sides.there(ghlId)).toMatchObject({ city: 'Oakland' });
    await sides.editThere(ghlId, { city: 'Bergen' });
    await sides.settle();
    expect((await sides.contact(id)).additionalAttributes).toMatchObject({ city: 'Bergen' });
    expect(await db.query('select from ghl.sync_conflicts')).toEqual([]);
  });

  it('out: DeskFlow decides, and HighLevel’s changes stay there', async () => {
    await choose('city', 'out');
    const { id, ghlId } = await sides.linked({ city: 'Oakland' });
    expect((await sides.contact(id)).additionalAttributes).not.toHaveProperty('city');
    await sides.edit(id, { additionalAttributes: { city: 'Bergen' } });
    await sides.settle();
    expect(sides.there(ghlId)).toMatchObject({ city: 'Bergen' });
    await sides.editThere(ghlId, { city: 'Elsewhere', lastName: 'Quill' });
    await sides.settle();
    expect(await sides.contact(id)).toMatchObject({
      name: 'Mara Quill',
      additionalAttributes: { city: 'Bergen' },
    });
  });

  it('off: neither tells the other, and what was agreed stays', async () => {
    const { id, ghlId } = await sides.linked({ city: 'Oakland' });
    await choose('city', 'off');
    await sides.edit(id, { additionalAttributes: { city: 'Here' }, name: 'Mara Quill' });
    await sides.editThere(ghlId, { city: 'There' });
    await sides.settle();
    expect(await sides.contact(id)).toMatchObject({ additionalAttributes: { city: 'Here' } });
    expect(sides.there(ghlId)).toMatchObject({ city: 'There', lastName: 'Quill' });
  });

  it('tags and labels may, all together', async () => {
    await choose('tags', 'in');
    const { id, ghlId } = await sides.linked({ tags: ['theirs'] });
    await sides.label(id, ['ours']);
    await sides.settle();
    expect(sides.there(ghlId)).toMatchObject({ tags: ['theirs'] });
    expect((await sides.labels(id)).sort()).toEqual(['ours', 'theirs']);
  });
});
