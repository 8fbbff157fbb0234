import { TwoSides } from './two-sides.js';
import { useDatabase } from '../harness/database.js';

describe('what DeskFlow changes', () => {
  const db = useDatabase();
  let sides: TwoSides;

  beforeAll(async () => {
    sides = await TwoSides.open(db.source);
  });
  afterAll(() => sides.close());
  beforeEach(async () => {
    await sides.dropEvents();
    await db.source.query('truncate contacts, taggings, tags, labels, ghl.contact_links, ghl.outbox');
    await db.source.query(`update ghl.connections set state = 'connected'`);
    sides.simulator.requests.clear();
    sides.simulator.faults.clear();
  });

  const unique = (): string => Math.random().toString(36).slice(2);
  const calls = (): string[] =>
    sides.simulator.requests
      .list()
      .map(({ method, path }) => `${method} ${path.replace(/\/contacts\/[A-Za-z0-9]{20}/, '/contacts/:id')}`);

  /** A contact that is linked and in agreement on both sides. */
  async function linked(contact: object = {}): Promise<{ id: number; ghlId: string }> {
    const ghlId = await sides.createThere({
      firstName: 'Mara',
      email: `${unique()}@example.test`,
      ...contact,
    });
    await sides.deliver();
    const id = (await sides.links()).find(({ ghlContactId }) => ghlContactId === ghlId)!.contactId;
    sides.simulator.requests.clear();
    return { id, ghlId };
  }

  it('creates a contact in HighLevel, its labels as tags, and its echo changes nothing', async () => {
    const email = `${unique()}@example.test`;
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

  it('is merged with a contact HighLevel has already, whose tags and values stay', async () => {
    const email = `${unique()}@example.test`;
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
    const { id, ghlId } = await linked({ city: 'Oakland' });
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
    const { id, ghlId } = await linked({ firstName: 'Mara Lou', lastName: 'van Quill' });
    await sides.edit(id, { additionalAttributes: { city: 'Oakland' } });
    await sides.settle();
    expect(sides.there(ghlId)).toMatchObject({
      firstName: 'Mara Lou',
      lastName: 'van Quill',
      city: 'Oakland',
    });
  });

  it('adds and removes tags and never replaces them', async () => {
    const { id, ghlId } = await linked({ tags: ['VIP Kunde!', 'kept'] });
    await sides.editThere(ghlId, { tags: ['vip kunde!', 'kept', 'unseen'] });
    await sides.dropEvents();
    await sides.label(id, ['fresh'], ['vip-kunde']);
    await sides.push();
    expect(calls()).toEqual(['POST /contacts/:id/tags', 'DELETE /contacts/:id/tags']);
    expect(sides.there(ghlId)!['tags']).toEqual(['kept', 'unseen', 'fresh']);
    expect(await sides.labels(id)).toEqual(['fresh', 'kept', 'unseen']);
  });

  it('clears what HighLevel lets be cleared', async () => {
    const { id, ghlId } = await linked({ city: 'Oakland', customFields: [{ id: 'Fld1', value: 'Blue' }] });
    await sides.edit(id, { additionalAttributes: {}, customAttributes: { ghl_dnd: false } });
    await sides.settle();
    expect(sides.there(ghlId)).not.toHaveProperty('city');
    expect(sides.there(ghlId)!['customFields']).toEqual([]);
  });

  it('writes custom fields of every kind', async () => {
    const { id, ghlId } = await linked({ customFields: [{ id: 'Fld1', value: 'Blue' }] });
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

  it('ends without a call when nothing is different', async () => {
    const { id } = await linked();
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
    const { ghlId } = await linked();
    await db.source.query('delete from contacts');
    await sides.settle();
    expect(await sides.outbox()).toMatchObject([
      { operation: 'delete', state: 'done', reason: 'left_in_highlevel' },
    ]);
    expect((await sides.links())[0]?.localDeletedAt).toBeInstanceOf(Date);
    expect(sides.there(ghlId)).toBeDefined();
  });

  it('is ignored when the contact is gone before anything was sent', async () => {
    await sides.create({ name: 'Mara', email: `${unique()}@example.test` });
    await db.source.query('delete from contacts');
    await sides.settle();
    expect(await sides.outbox()).toMatchObject([
      { operation: 'push', state: 'ignored', reason: 'deleted_in_deskflow' },
    ]);
  });

  it('of a contact that HighLevel has deleted is not sent, and not again', async () => {
    const { id, ghlId } = await linked();
    await sides.person('DELETE', ghlId);
    await sides.dropEvents();
    await sides.edit(id, { name: 'Maria' });
    await sides.settle();
    expect(await sides.outbox()).toMatchObject([{ state: 'ignored', reason: 'deleted_in_highlevel' }]);
    await sides.edit(id, { name: 'Mia' });
    await sides.settle();
    expect(await sides.outbox()).toHaveLength(1);
  });

  it('links to the contact that HighLevel calls a duplicate', async () => {
    const email = `${unique()}@example.test`;
    const { id, ghlId } = await linked();
    const other = await sides.createThere({ firstName: 'Old', email });
    await sides.dropEvents();
    await sides.edit(id, { email });
    await sides.settle();
    expect(await sides.links()).toMatchObject([{ contactId: id, ghlContactId: other }]);
    expect(sides.there(other)).toMatchObject({ firstName: 'Mara', email });
    expect(await sides.contact(id)).toMatchObject({ ghlContactId: other, identifier: other });
    expect(sides.there(ghlId)).toBeDefined();
  });

  it('is dead with a reason when that is another contact’s partner', async () => {
    const first = await linked({ phone: '+14155559103' });
    const second = await linked();
    await db.source.query('update contacts set phone_number = null where id = $1', [first.id]);
    await db.source.query('truncate ghl.outbox');
    await sides.edit(second.id, { phoneNumber: '+14155559103' });
    await sides.settle();
    expect(await sides.outbox()).toMatchObject([{ state: 'dead', reason: 'duplicate_in_highlevel' }]);
    expect(await sides.links()).toMatchObject([
      { ghlContactId: first.ghlId },
      { ghlContactId: second.ghlId },
    ]);
  });

  it('links to the contact a duplicate answer of the first call names', async () => {
    const email = `${unique()}@example.test`;
    const ghlId = await sides.createThere({ email, tags: ['theirs'] });
    await sides.dropEvents();
    sides.simulator.faults.add({
      kind: 'status',
      method: 'POST',
      path: '/contacts/upsert',
      status: 400,
      body: {
        statusCode: 400,
        message: 'This location does not allow duplicated contacts.',
        meta: { contactId: ghlId, matchingField: 'email' },
      },
    });
    const { id } = await sides.create({ name: 'Mara', email });
    await sides.settle();
    expect(await sides.links()).toMatchObject([{ contactId: id, ghlContactId: ghlId }]);
    expect(sides.there(ghlId)).toMatchObject({ firstName: 'Mara', tags: ['theirs'] });
  });

  describe('when it fails', () => {
    const due = (): Promise<unknown> =>
      db.source.query(`update ghl.outbox set next_attempt_at = now() where state = 'failed'`);

    it.each([
      ['a server error', { kind: 'status', status: 500 }],
      ['a dropped connection', { kind: 'drop_connection' }],
      ['an answer that got lost', { kind: 'lose_answer' }],
      ['an answer that is none', { kind: 'garbage' }],
    ] as const)('by %s, is tried again, and makes one contact', async (_, fault) => {
      const email = `${unique()}@example.test`;
      sides.simulator.faults.add({ ...fault, method: 'POST', path: '/contacts/upsert' });
      await sides.create({ name: 'Mara', email });
      await sides.push();
      expect(await sides.outbox()).toMatchObject([
        { state: 'failed', attempts: 1, last_error: expect.any(String) },
      ]);
      await sides.push(); // not yet due
      expect(await sides.outbox()).toMatchObject([{ state: 'failed', attempts: 1 }]);
      await due();
      await sides.settle();
      expect(await sides.outbox()).toMatchObject([{ state: 'done', attempts: 2 }]);
      expect(
        sides.simulator.contacts.list(sides.locationId).filter((contact) => contact.email === email),
      ).toHaveLength(1);
      expect(await sides.contacts()).toHaveLength(1);
    });

    it('waits as long as HighLevel says', async () => {
      const { id } = await linked();
      sides.simulator.faults.add({ kind: 'rate_limit', method: 'PUT', retryAfter: 4 });
      await sides.edit(id, { name: 'Maria' });
      await sides.push();
      const [row] = await db.source.query(
        `select state, attempts, extract(epoch from next_attempt_at - now())::float as wait from ghl.outbox`,
      );
      expect(row).toMatchObject({ state: 'failed', attempts: 0 });
      expect(row.wait).toBeGreaterThan(2); // a first failure would wait for a second at most
    });

    it('keeps later changes of the same contact behind it, and those of others going', async () => {
      const [one, two] = [await linked(), await linked()];
      sides.simulator.faults.add({
        kind: 'status',
        status: 500,
        method: 'PUT',
        path: `/contacts/${one.ghlId}`,
      });
      await sides.edit(one.id, { name: 'First' });
      await sides.push();
      await sides.edit(one.id, { name: 'Second' });
      await sides.edit(two.id, { name: 'Other' });
      await sides.push();
      expect(await sides.outbox()).toMatchObject([
        { contact_id: one.id, state: 'failed' },
        { contact_id: one.id, state: 'pending', attempts: 0 },
        { contact_id: two.id, state: 'done' },
      ]);
      await due();
      await sides.settle();
      expect(sides.there(one.ghlId)).toMatchObject({ firstName: 'Second' });
      expect(sides.simulator.requests.count('PUT', `/contacts/${one.ghlId}`)).toBe(2); // both rows in one call
    });

    it('for good, says why', async () => {
      const { id } = await linked();
      sides.simulator.faults.add({
        kind: 'status',
        method: 'PUT',
        status: 422,
        body: { statusCode: 422, message: ['website must be a URL'] },
      });
      await sides.edit(id, { additionalAttributes: { website: 'no url' } });
      await sides.settle();
      expect(await sides.outbox()).toMatchObject([
        {
          state: 'dead',
          reason: 'refused_by_highlevel',
          last_error: expect.stringContaining('website must be a URL'),
        },
      ]);
    });

    it.each(['suspended', 'reauthorization_required'])(
      'because the connection is %s, waits and is sent when it is well',
      async (state) => {
        const { id, ghlId } = await linked();
        await db.source.query('update ghl.connections set state = $1', [state]);
        await sides.edit(id, { name: 'Maria' });
        await sides.push();
        expect(await sides.outbox()).toMatchObject([{ state: 'pending', attempts: 0 }]);
        await db.source.query(`update ghl.connections set state = 'connected'`);
        await sides.settle();
        expect(sides.there(ghlId)).toMatchObject({ firstName: 'Maria' });
      },
    );

    it('is given back when a worker died with it', async () => {
      const { id, ghlId } = await linked();
      await sides.edit(id, { name: 'Maria' });
      await db.source.query(
        `update ghl.outbox set state = 'processing', attempts = 1, lease_token = gen_random_uuid(), lease_until = now() - interval '1 second'`,
      );
      await sides.push();
      expect(sides.there(ghlId)).toMatchObject({ firstName: 'Maria' });
      expect(await sides.outbox()).toMatchObject([{ state: 'done', attempts: 2 }]);
    });

    it('is left alone while another worker holds it', async () => {
      const { id } = await linked();
      await sides.edit(id, { name: 'Maria' });
      await db.source.query(
        `update ghl.outbox set state = 'processing', lease_token = gen_random_uuid(), lease_until = now() + interval '1 minute'`,
      );
      await sides.edit(id, { name: 'Mia' });
      await sides.push();
      expect(await sides.outbox()).toMatchObject([{ state: 'processing' }, { state: 'pending' }]);
    });

    it('does not stand when the lease ran out over the call', async () => {
      const { id } = await linked();
      sides.simulator.faults.add({ kind: 'delay', delayMs: 500, method: 'PUT' });
      await sides.edit(id, { name: 'Maria' });
      const pushing = sides.push();
      await new Promise((resolve) => setTimeout(resolve, 200));
      await db.source.query(
        `update ghl.outbox set lease_token = gen_random_uuid(), lease_until = now() + interval '1 minute'`,
      );
      await pushing;
      expect(await sides.outbox()).toMatchObject([{ state: 'processing', reason: null }]);
      expect((await sides.links())[0]?.snapshot).toMatchObject({ firstName: 'Mara' });
    });
  });

  it('is pushed once by many workers', async () => {
    const contacts = [];
    for (let index = 0; index < 12; index += 1)
      contacts.push(await sides.create({ name: 'x', email: `${unique()}@example.test` }));
    await Promise.all([sides.push(), sides.push(), sides.push()]);
    await sides.settle();
    expect(sides.simulator.requests.count('POST', '/contacts/upsert')).toBe(12);
    expect(await sides.links()).toHaveLength(12);
  });

  it('meets HighLevel’s change of the same field while the call is under way, and both end equal', async () => {
    const { id, ghlId } = await linked();
    sides.simulator.faults.add({ kind: 'delay', delayMs: 400, method: 'PUT' });
    await sides.edit(id, { name: 'Local' });
    const pushing = sides.push();
    await new Promise((resolve) => setTimeout(resolve, 150));
    await sides.editThere(ghlId, { firstName: 'Remote' }); // before the delayed call takes effect
    await sides.deliver();
    expect(await sides.contact(id)).toMatchObject({ name: 'Remote' });
    await pushing;
    await sides.settle();
    expect((await sides.contact(id)).name).toBe(sides.there(ghlId)!['firstName']);
  });
});
