import { useDatabase } from '../harness/database.js';
import { holdCall } from '../harness/held-call.js';
import { TwoSides, uniqueEmail } from './two-sides.js';

describe('a push of a person whom HighLevel has already', () => {
  const db = useDatabase();
  let sides: TwoSides;

  beforeAll(async () => {
    sides = await TwoSides.open(db.source);
  });
  afterAll(() => sides.close());
  beforeEach(() => sides.reset());

  it('links to the contact that HighLevel calls a duplicate', async () => {
    const email = uniqueEmail();
    const { id, ghlId } = await sides.linked();
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
    const first = await sides.linked({ phone: '+14155559103' });
    const second = await sides.linked();
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
    const email = uniqueEmail();
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

  it('is dead when HighLevel does not say which contact it means', async () => {
    sides.simulator.faults.add({
      kind: 'status',
      method: 'POST',
      path: '/contacts/upsert',
      status: 400,
      body: { statusCode: 400, message: 'This location does not allow duplicated contacts.' },
    });
    await sides.create({ name: 'Mara', email: uniqueEmail() });
    await sides.settle();
    expect(await sides.outbox()).toMatchObject([{ state: 'dead', reason: 'refused_by_highlevel' }]);
    expect(await sides.links()).toEqual([]);
  });

  it('is dead when there are two of them, one with the e-mail and one with the phone', async () => {
    const { id } = await sides.linked();
    const email = uniqueEmail();
    await sides.createThere({ firstName: 'E', email });
    await sides.createThere({ firstName: 'P', phone: '+14155559304' });
    await sides.dropEvents();
    const [before] = await sides.links();
    await sides.edit(id, { email, phoneNumber: '+14155559304' });
    await sides.settle();
    expect(await sides.outbox()).toMatchObject([{ state: 'dead', reason: 'duplicate_in_highlevel' }]);
    expect(await sides.links()).toEqual([before]);
  });

  it('takes the partner over from a contact that was deleted in DeskFlow', async () => {
    const email = uniqueEmail();
    const { ghlId } = await sides.linked({ email });
    await db.query('delete from contacts');
    await sides.settle();
    const { id } = await sides.create({ name: 'Mara again', email });
    await sides.settle();
    expect(await sides.links()).toMatchObject([{ contactId: id, ghlContactId: ghlId, localDeletedAt: null }]);
    expect(sides.there(ghlId)).toMatchObject({ lastName: 'again' });
    await sides.editThere(ghlId, { city: 'Oakland' });
    await sides.deliver();
    expect(await sides.contacts()).toMatchObject([{ id, location: 'Oakland' }]);
  });

  it('takes the partner over also when it is named as a duplicate', async () => {
    const email = uniqueEmail();
    const gone = await sides.linked({ email });
    await db.query('delete from contacts where id = $1', [gone.id]);
    await sides.settle();
    const { id } = await sides.linked();
    await sides.edit(id, { email });
    await sides.settle();
    expect(await sides.links()).toMatchObject([{ contactId: id, ghlContactId: gone.ghlId }]);
    expect(await sides.contact(id)).toMatchObject({ ghlContactId: gone.ghlId, email });
  });

  it('does not end a link that an event made while the call was under way', async () => {
    const email = uniqueEmail();
    const { id } = await sides.create({ name: 'Mara', email, phoneNumber: '+14155559305' });
    const call = holdCall(sides.simulator.faults, { method: 'POST' });
    const pushing = sides.push();
    await call.arrived(); // the link was looked up, and there was none
    const rival = 'Rival000000000000001';
    await sides.apply([sides.event({ type: 'ContactCreate', id: rival, phone: '+14155559305' })]);
    call.letGo();
    await pushing;
    expect(await sides.links()).toMatchObject([{ contactId: id, ghlContactId: rival }]);
    expect((await sides.outbox())[0]).toMatchObject({
      state: 'ignored',
      reason: 'linked_to_another_contact',
    });
  });

  it('of a contact that is deleted while the call is under way does not come back by its own event', async () => {
    const email = uniqueEmail();
    await sides.create({ name: 'Mara', email });
    const call = holdCall(sides.simulator.faults, { method: 'POST' });
    const pushing = sides.push();
    await call.arrived();
    await db.query('delete from contacts');
    call.letGo();
    await pushing;
    expect(await sides.outbox()).toMatchObject([{ state: 'ignored', reason: 'deleted_in_deskflow' }]);
    expect((await sides.links())[0]?.localDeletedAt).toBeInstanceOf(Date);
    expect(await sides.deliver()).toMatchObject([{ outcome: 'ignored', reason: 'deleted_in_deskflow' }]);
    expect(await sides.contacts()).toEqual([]);
  });
});
