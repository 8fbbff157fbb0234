import { TwoSides, uniqueEmail } from './two-sides.js';
import { useDatabase } from '../harness/database.js';
import { holdCall } from '../harness/held-call.js';

describe('what DeskFlow changes', () => {
  const db = useDatabase();
  let sides: TwoSides;

  beforeAll(async () => {
    sides = await TwoSides.open(db.source);
  });
  afterAll(() => sides.close());
  beforeEach(() => sides.reset());

  const calls = (): string[] =>
    sides.simulator.requests
      .list()
      .map(({ method, path }) => `${method} ${path.replace(/\/contacts\/[A-Za-z0-9]{20}/, '/contacts/:id')}`);

  it('creates a contact in HighLevel, its labels as tags, and its echo changes nothing', async () => {
    const email = uniqueEmail();
    const { id } = await sides.create({
      name: 'Mara van Quill',
      email,
      phoneNumber: '+14155559101',
      additionalAttributes: { company_name: 'Quill & Sons', city: 'Oakland', country_code: 'US' },
      customAttributes: { ghl_date_of_birth: '1988-04-02' },
    });
    await sides.label(id, ['vip']);
    await sides.settle();
    const [link] = await sides.links();
    expect(sides.there(link!.ghlContactId)).toMatchObject({
      firstName: 'Mara',
      lastName: 'van Quill',
      email,
      phone: '+14155559101',
      companyName: 'Quill & Sons',
      city: 'Oakland',
      country: 'US',
      tags: ['vip'],
    });
    expect(await sides.contact(id)).toMatchObject({
      ghlContactId: link!.ghlContactId,
      identifier: link!.ghlContactId,
    });
    expect(await sides.outbox()).toMatchObject([{ state: 'done', reason: null, attempts: 1 }]);
    expect(calls()).toEqual(['POST /contacts/upsert', 'POST /contacts/:id/tags']);
  });

  it('is sent, and not written again, where somebody has left a derived column out of step', async () => {
    const { id } = await sides.create({ name: 'Mara Quill', email: uniqueEmail() });
    await sides.settle();
    const since = '2020-01-01T00:00:00.000Z';
    await db.query(
      `update contacts set additional_attributes = additional_attributes || '{"city": "Bergen"}', updated_at = $2
        where id = $1`,
      [id, since],
    );
    await sides.settle();
    const [link] = await sides.links();
    expect(sides.there(link!.ghlContactId)).toMatchObject({ city: 'Bergen' });
    const now = await sides.contact(id);
    expect({ location: now.location, updatedAt: now.updatedAt.toISOString() }).toEqual({
      location: '',
      updatedAt: since,
    });
  });

  it('is merged with a contact HighLevel has already, whose tags and values stay', async () => {
    const email = uniqueEmail();
    const ghlId = await sides.createThere({ email, city: 'Oakland', tags: ['theirs'] });
    await sides.dropEvents();
    const { id } = await sides.create({ name: 'Mara Quill', email });
    await sides.label(id, ['ours']);
    await sides.settle();
    expect(sides.there(ghlId)).toMatchObject({
      firstName: 'Mara',
      city: 'Oakland',
      tags: ['theirs', 'ours'],
    });
    expect(await sides.contact(id)).toMatchObject({ location: 'Oakland', ghlContactId: ghlId });
    expect(await sides.labels(id)).toEqual(['ours', 'theirs']);
  });

  it('sends only the fields that changed, several edits in one call', async () => {
    const { id, ghlId } = await sides.linked({ city: 'Oakland' });
    await sides.editThere(ghlId, { city: 'Berlin' });
    await sides.dropEvents(); // we do not know of it
    await sides.edit(id, { name: 'Maria Quill' });
    await sides.edit(id, { name: 'Maria Hart' });
    await sides.push();
    expect(calls()).toEqual(['PUT /contacts/:id']);
    expect(sides.there(ghlId)).toMatchObject({ firstName: 'Maria', lastName: 'Hart', city: 'Berlin' });
    // The answer told of the other change, too.
    expect(await sides.contact(id)).toMatchObject({ name: 'Maria Hart', location: 'Berlin' });
    await sides.settle();
    expect(calls()).toEqual(['PUT /contacts/:id']);
  });

  it('leaves stored name parts alone as long as the shown name is the same', async () => {
    const { id, ghlId } = await sides.linked({ firstName: 'Mara Lou', lastName: 'van Quill' });
    await sides.edit(id, { additionalAttributes: { city: 'Oakland' } });
    await sides.settle();
    expect(sides.there(ghlId)).toMatchObject({
      firstName: 'Mara Lou',
      lastName: 'van Quill',
      city: 'Oakland',
    });
  });

  it('adds and removes tags and never replaces them', async () => {
    const { id, ghlId } = await sides.linked({ tags: ['VIP Kunde!', 'kept'] });
    await sides.editThere(ghlId, { tags: ['vip kunde!', 'kept', 'unseen'] });
    await sides.dropEvents();
    await sides.label(id, ['fresh'], ['vip-kunde']);
    await sides.push();
    expect(calls()).toEqual(['POST /contacts/:id/tags', 'DELETE /contacts/:id/tags']);
    expect(sides.there(ghlId)!['tags']).toEqual(['kept', 'unseen', 'fresh']);
    expect(await sides.labels(id)).toEqual(['fresh', 'kept', 'unseen']);
  });

  it('clears what HighLevel lets be cleared', async () => {
    const { id, ghlId } = await sides.linked({
      city: 'Oakland',
      customFields: [{ id: 'Fld1', value: 'Blue' }],
    });
    await sides.edit(id, { additionalAttributes: {}, customAttributes: { ghl_dnd: false } });
    await sides.settle();
    expect(sides.there(ghlId)).not.toHaveProperty('city');
    expect(sides.there(ghlId)!['customFields']).toEqual([]);
  });

  it('writes custom fields of every kind', async () => {
    const { id, ghlId } = await sides.linked({ customFields: [{ id: 'Fld1', value: 'Blue' }] });
    await sides.edit(id, {
      customAttributes: { ghl_field_Fld1: 'Green', ghl_field_Fld2: 7, ghl_field_Fld3: ['A'] },
    });
    await sides.settle();
    expect(sides.there(ghlId)!['customFields']).toEqual([
      { id: 'Fld1', value: 'Green' },
      { id: 'Fld2', value: 7 },
      { id: 'Fld3', value: ['A'] },
    ]);
  });

  it('takes over what HighLevel made of a value, and does not send its own again', async () => {
    const { id, ghlId } = await sides.linked();
    sides.simulator.faults.add({
      kind: 'status',
      method: 'PUT',
      status: 200,
      body: { succeded: true, contact: { ...sides.there(ghlId), website: 'https://m.example.test/' } },
    });
    await sides.edit(id, { additionalAttributes: { website: 'm.example.test' } });
    await sides.settle();
    expect((await sides.contact(id)).additionalAttributes).toMatchObject({
      website: 'https://m.example.test/',
    });
    await sides.edit(id, { customAttributes: { tier: 'gold' } });
    await sides.settle();
    expect(await sides.outbox()).toMatchObject([{ reason: null }, { state: 'done', reason: 'unchanged' }]);
  });

  it('ends without a call when nothing is different', async () => {
    const { id } = await sides.linked();
    await sides.edit(id, { name: 'Other' });
    await sides.edit(id, { name: 'Mara' });
    await sides.settle();
    expect(calls()).toEqual([]);
    expect(await sides.outbox()).toMatchObject([{ state: 'done', reason: 'unchanged' }]);
  });

  it('ignores a contact by which HighLevel could recognise nobody', async () => {
    await sides.create({ name: 'Mara' });
    await sides.settle();
    expect(await sides.outbox()).toMatchObject([{ state: 'ignored', reason: 'neither_email_nor_phone' }]);
    expect(calls()).toEqual([]);
  });

  it('that is a deletion leaves the contact in HighLevel', async () => {
    const { ghlId } = await sides.linked();
    await db.source.query('delete from contacts');
    await sides.settle();
    expect(await sides.outbox()).toMatchObject([
      { operation: 'delete', state: 'done', reason: 'left_in_highlevel' },
    ]);
    expect((await sides.links())[0]?.localDeletedAt).toBeInstanceOf(Date);
    expect(sides.there(ghlId)).toBeDefined();
  });

  it('is ignored when the contact is gone before anything was sent', async () => {
    await sides.create({ name: 'Mara', email: uniqueEmail() });
    await db.source.query('delete from contacts');
    await sides.settle();
    expect(await sides.outbox()).toMatchObject([
      { operation: 'push', state: 'ignored', reason: 'deleted_in_deskflow' },
    ]);
  });

  it('of a contact that HighLevel has deleted is not sent, and not again', async () => {
    const { id, ghlId } = await sides.linked();
    await sides.person('DELETE', ghlId);
    await sides.dropEvents();
    await sides.edit(id, { name: 'Maria' });
    await sides.settle();
    expect(await sides.outbox()).toMatchObject([{ state: 'ignored', reason: 'deleted_in_highlevel' }]);
    await sides.edit(id, { name: 'Mia' });
    await sides.settle();
    expect(await sides.outbox()).toHaveLength(1);
  });

  it('is pushed once by many workers', async () => {
    const contacts = [];
    for (let index = 0; index < 12; index += 1)
      contacts.push(await sides.create({ name: 'x', email: uniqueEmail() }));
    await Promise.all([sides.push(), sides.push(), sides.push()]);
    await sides.settle();
    expect(sides.simulator.requests.count('POST', '/contacts/upsert')).toBe(12);
    expect(await sides.links()).toHaveLength(12);
  });

  it('meets HighLevel’s change of the same field while the call is under way, and both end equal', async () => {
    const { id, ghlId } = await sides.linked();
    const call = holdCall(sides.simulator.faults, { method: 'PUT' });
    await sides.edit(id, { name: 'Local' });
    const pushing = sides.push();
    await call.arrived();
    await sides.editThere(ghlId, { firstName: 'Remote' }); // before the held call takes effect
    await sides.deliver();
    expect(await sides.contact(id)).toMatchObject({ name: 'Remote' });
    call.letGo();
    await pushing;
    await sides.settle();
    expect((await sides.contact(id)).name).toBe(sides.there(ghlId)!['firstName']);
  });
});
