import { type ContactEvent } from '#libs/highlevel';
import { type InboundResult } from '#libs/contact-sync';
import { TwoSides, uniqueEmail } from './two-sides.js';
import { useDatabase } from '../harness/database.js';
import { statementsOf } from '../harness/statements.js';

describe('what HighLevel tells', () => {
  const db = useDatabase();
  let sides: TwoSides;

  beforeAll(async () => {
    sides = await TwoSides.open(db.source);
  });
  afterAll(() => sides.close());
  beforeEach(() => sides.reset());

  const outcomes = (results: InboundResult[]): string[] => results.map(({ outcome }) => outcome);
  const unique = (): string => Math.random().toString(36).slice(2);

  it('becomes a contact with everything HighLevel knows', async () => {
    const email = uniqueEmail();
    const id = await sides.createThere({
      firstName: 'Mara',
      lastName: 'Quill',
      email: email.toUpperCase(),
      city: 'Oakland',
      companyName: 'Quill & Sons',
      country: 'US',
      tags: ['VIP Kunde!'],
      dnd: true,
      customFields: [{ id: 'Fld1', value: ['A', 'B'] }],
    });
    expect(await sides.deliver()).toMatchObject([{ outcome: 'created' }]);
    const [contact] = await sides.contacts();
    expect(contact).toMatchObject({
      name: 'Mara Quill',
      email,
      identifier: id,
      ghlContactId: id,
      contactType: 1,
      location: 'Oakland',
      additionalAttributes: {
        city: 'Oakland',
        company_name: 'Quill & Sons',
        country: 'United States',
        country_code: 'US',
        external: { gohighlevel_id: id },
      },
      customAttributes: { ghl_dnd: true, ghl_field_Fld1: ['A', 'B'] },
    });
    expect(await sides.labels(contact!.id)).toEqual(['vip-kunde']);
    expect(await sides.outbox()).toEqual([]); // a sync's own writes are not sent back
    expect(await sides.links()).toMatchObject([
      { contactId: contact!.id, ghlContactId: id, locationId: sides.locationId },
    ]);
  });

  it('updates what changed, and only then writes', async () => {
    const id = await sides.createThere({ firstName: 'Mara', lastName: 'Quill' });
    await sides.deliver();
    const [before] = await sides.contacts();
    await sides.editThere(id, { lastName: 'Hart' });
    const events = await sides.dropEvents();
    expect(outcomes(await sides.apply(events))).toEqual(['applied']);
    const [after] = await sides.contacts();
    expect(after).toMatchObject({ id: before!.id, name: 'Mara Hart' });
    expect(outcomes(await sides.apply(events))).toEqual(['unchanged']); // the same delivery again
    expect((await sides.contacts())[0]!.updatedAt).toEqual(after!.updatedAt);
  });

  it('locks e-mails and phone numbers of a whole batch before any tag', async () => {
    const known = await sides.createThere({ firstName: 'Known', email: uniqueEmail() });
    await sides.deliver();
    const email = uniqueEmail();
    await sides.createThere({ firstName: 'New', email, phone: '+14155550142' });
    await sides.editThere(known, { tags: ['vip'] });
    const same = sides.event({ type: 'ContactCreate', id: 'Same', email, phone: '+14155550143' }, new Date());
    const events = [...(await sides.dropEvents()), same];
    const statements = await statementsOf(db.source, () => sides.apply(events));
    const tagged = statements.findIndex(({ text }) => text.includes('insert into taggings'));
    const [keys] = statements
      .slice(0, tagged)
      .flatMap(({ text, parameters }) => (text.includes('hashtext(key)') ? [String(parameters[1])] : []))
      .filter((text) => text.includes(':email:'));
    expect(keys).toContain('+14155550142');
    expect(keys).toContain('+14155550143');
  });

  it('gives a phone number to the one that is known, where a new one of the same batch has it, too', async () => {
    const known = await sides.createThere({ firstName: 'Known', phone: '+14155550181' });
    await sides.deliver();
    await sides.editThere(known, { phone: '+14155550182' });
    const fresh = sides.event({ type: 'ContactCreate', id: 'Fresh', phone: '+14155550182' }, new Date());
    expect(outcomes(await sides.apply([fresh, ...(await sides.dropEvents())]))).toEqual([
      'created',
      'applied',
    ]);
    const numbers = new Map((await sides.contacts()).map((one) => [one.ghlContactId, one.phoneNumber]));
    expect(numbers).toEqual(
      new Map([
        [known, '+14155550182'],
        ['Fresh', null],
      ]),
    );
  });

  it('counts by its time, whatever the order of arrival', async () => {
    const id = await sides.createThere({ firstName: 'One' });
    await sides.editThere(id, { firstName: 'Two' });
    await sides.editThere(id, { firstName: 'Three' });
    await sides.deliver((events) => events.toReversed());
    expect(await sides.contacts()).toMatchObject([{ name: 'Three' }]);
    const late = sides.event({ type: 'ContactUpdate', id, firstName: 'Late' }, new Date(Date.now() - 60_000));
    expect(outcomes(await sides.apply([late]))).toEqual(['stale']);
    expect(await sides.contacts()).toMatchObject([{ name: 'Three' }]);
  });

  it.each([
    ['no e-mail and no phone', { firstName: 'Mara' }, { name: 'Mara', email: null, phoneNumber: null }],
    ['a name of 2,000 characters', { firstName: '🙂'.repeat(2000) }, { name: '🙂'.repeat(255) }],
    ['right-to-left text and emoji', { firstName: 'مرحبا', lastName: '🔥' }, { name: 'مرحبا 🔥' }],
    [
      'an unparsable phone',
      { firstName: 'M', phone: 'call me' },
      { phoneNumber: null, customAttributes: { ghl_phone_raw: 'call me' } },
    ],
    [
      'duplicate custom field ids',
      {
        customFields: [
          { id: 'F', value: 1 },
          { id: 'F', value: 2 },
        ],
      },
      { customAttributes: { ghl_field_F: 2 } },
    ],
    [
      'U+0000 and half a pair in tags and custom fields',
      {
        tags: ['a\u0000b', '\ud800', '\u0000'],
        customFields: [{ id: 'F\u0000', value: ['v\u0000', '\udfff'] }, { value: 'no id' }],
      },
      { customAttributes: { ghl_field_F: ['v', '\ufffd'] } },
    ],
    ['U+0000 and half a pair', { firstName: 'a\u0000b', lastName: '\ud800' }, { name: 'ab \ufffd' }],
    [
      'an e-mail that is none',
      { firstName: 'M', email: 'not an address' },
      { email: null, customAttributes: { ghl_email_raw: 'not an address' } },
    ],
    ['values of the wrong type', { firstName: 7, tags: 'x', customFields: {}, dnd: 'yes' }, { name: '' }],
  ])('keeps %s', async (_, contact, stored) => {
    const event = sides.event({
      ...(contact as Partial<ContactEvent>),
      type: 'ContactCreate',
      id: `X${unique()}`,
    });
    expect(outcomes(await sides.apply([event]))).toEqual(['created']);
    expect(await sides.contacts()).toMatchObject([stored]);
    expect(outcomes(await sides.apply([event]))).toEqual(['unchanged']);
    await sides.settle();
    expect(sides.writes).toBe(0);
  });

  it('keeps the whole long name where it is compared', async () => {
    const id = `X${unique()}`;
    await sides.apply([sides.event({ type: 'ContactCreate', id, firstName: 'n'.repeat(2000) })]);
    expect((await sides.links())[0]?.snapshot).toMatchObject({ firstName: 'n'.repeat(2000) });
  });

  it('brings nobody in whose deletion came first', async () => {
    const id = await sides.createThere({ firstName: 'Mara', email: uniqueEmail() });
    const creation = await sides.dropEvents();
    await sides.person('DELETE', id);
    expect(await sides.deliver()).toMatchObject([{ outcome: 'ignored', reason: 'unknown_contact' }]);
    expect(await sides.apply(creation)).toMatchObject([{ outcome: 'stale' }]);
    expect(await sides.contacts()).toEqual([]);
  });

  it('ignores an event that names no contact', async () => {
    expect(await sides.apply([sides.event({ type: 'ContactUpdate' })])).toMatchObject([
      { outcome: 'ignored', reason: 'missing_contact_id' },
    ]);
  });

  describe('and leaves out', () => {
    it('is fetched once before anything is cleared', async () => {
      const id = await sides.createThere({
        firstName: 'Mara',
        city: 'Oakland',
        website: 'https://m.example.test',
      });
      await sides.deliver();
      await sides.editThere(id, { city: null });
      await sides.editThere(id, { firstName: 'Maria' });
      await sides.deliver();
      const [contact] = await sides.contacts();
      expect(contact).toMatchObject({ name: 'Maria', location: '' });
      expect(contact!.additionalAttributes).not.toHaveProperty('city');
      expect(contact!.additionalAttributes).toMatchObject({ website: 'https://m.example.test' });
      expect(sides.simulator.requests.count('GET', `/contacts/${id}`)).toBe(1);
    });

    it('stays when the contact cannot be fetched, and is cleared with the next event', async () => {
      const id = await sides.createThere({ firstName: 'Mara', city: 'Oakland' });
      await sides.deliver();
      sides.simulator.faults.add({ kind: 'status', method: 'GET', path: '/contacts/', status: 503 });
      await sides.editThere(id, { city: null, lastName: 'Quill' });
      await sides.deliver();
      expect(await sides.contacts()).toMatchObject([{ name: 'Mara Quill', location: 'Oakland' }]);
      await sides.editThere(id, { lastName: 'Hart' });
      await sides.deliver();
      expect(await sides.contacts()).toMatchObject([{ name: 'Mara Hart', location: '' }]);
    });

    it('is fetched for a DND event, which never carries more than that', async () => {
      const id = await sides.createThere({ firstName: 'Mara', email: uniqueEmail() });
      await sides.dropEvents(); // its creation was lost
      await sides.editThere(id, { dnd: true, dndSettings: { SMS: { status: 'active' } } });
      await sides.deliver();
      expect(await sides.contacts()).toMatchObject([
        {
          name: 'Mara',
          customAttributes: { ghl_dnd: true, ghl_dnd_settings: { SMS: { status: 'active' } } },
        },
      ]);
    });

    it('is not asked for when the event is whole', async () => {
      const id = await sides.createThere({
        firstName: 'Mara',
        email: uniqueEmail(),
        tags: ['one', 'two'],
      });
      await sides.deliver();
      await sides.editThere(id, { firstName: 'Maria', tags: ['one'] });
      await sides.deliver();
      expect(await sides.labels((await sides.contacts())[0]!.id)).toEqual(['one']);
      expect(sides.simulator.requests.count()).toBe(0);
    });
  });

  describe('while DeskFlow changed the contact, too', () => {
    it('leaves DeskFlow’s changes of other fields alone', async () => {
      const id = await sides.createThere({ firstName: 'Mara', city: 'Oakland' });
      await sides.deliver();
      const [contact] = await sides.contacts();
      await sides.edit(contact!.id, (current) => ({
        additionalAttributes: { ...current.additionalAttributes, city: 'Berlin' },
      }));
      await sides.editThere(id, { firstName: 'Maria' });
      await sides.deliver();
      expect(await sides.contacts()).toMatchObject([{ name: 'Maria', location: 'Berlin' }]);
      await sides.settle();
      expect(sides.there(id)).toMatchObject({ firstName: 'Maria', city: 'Berlin' });
    });

    it('wins where both changed the same field', async () => {
      const id = await sides.createThere({ firstName: 'Mara' });
      await sides.deliver();
      const [contact] = await sides.contacts();
      await sides.edit(contact!.id, { name: 'Marie' });
      await sides.editThere(id, { firstName: 'Maria' });
      await sides.deliver();
      await sides.settle();
      expect(await sides.contacts()).toMatchObject([{ name: 'Maria' }]);
      expect(sides.there(id)).toMatchObject({ firstName: 'Maria' });
      expect(sides.writes).toBe(0);
    });

    it('unites labels of both', async () => {
      const id = await sides.createThere({
        firstName: 'Mara',
        tags: ['old', 'both'],
        email: uniqueEmail(),
      });
      await sides.deliver();
      const [contact] = await sides.contacts();
      await sides.label(contact!.id, ['local'], ['old']);
      await sides.editThere(id, { tags: ['old', 'both', 'remote'] });
      await sides.deliver();
      await sides.settle();
      expect(await sides.labels(contact!.id)).toEqual(['both', 'local', 'remote']);
      expect((sides.there(id)!['tags'] as string[]).toSorted()).toEqual(['both', 'local', 'remote']);
    });
  });

  describe('about a deletion', () => {
    it('archives the contact, which is then not sent back', async () => {
      const id = await sides.createThere({ firstName: 'Mara', email: uniqueEmail() });
      await sides.deliver();
      await sides.person('DELETE', id);
      expect(outcomes(await sides.deliver())).toEqual(['applied']);
      const [contact] = await sides.contacts();
      expect(contact!.customAttributes).toMatchObject({ ghl_deleted: true });
      expect((await sides.links())[0]?.remoteDeletedAt).toBeInstanceOf(Date);
      await sides.edit(contact!.id, { name: 'Edited' });
      await sides.settle();
      expect(sides.writes).toBe(0);
    });

    it('of a contact it never told of changes nothing', async () => {
      const results = await sides.apply([sides.event({ type: 'ContactDelete', id: `X${unique()}` })]);
      expect(results).toMatchObject([{ outcome: 'ignored', reason: 'unknown_contact' }]);
    });

    it('ends with a later update', async () => {
      const id = await sides.createThere({ firstName: 'Mara' });
      await sides.deliver();
      await sides.person('DELETE', id);
      await sides.deliver();
      const back = sides.event({ type: 'ContactUpdate', id, firstName: 'Mara' }, new Date(Date.now() + 1000));
      expect(outcomes(await sides.apply([back]))).toEqual(['applied']);
      const [contact] = await sides.contacts();
      expect(contact!.customAttributes).toEqual({ ghl_dnd: false });
      expect((await sides.links())[0]?.remoteDeletedAt).toBeNull();
    });

    it('gives way to a new contact with the same e-mail, which takes over', async () => {
      const email = uniqueEmail();
      const old = await sides.createThere({ firstName: 'Mara', email });
      await sides.deliver();
      await sides.person('DELETE', old);
      await sides.deliver();
      const fresh = await sides.createThere({ firstName: 'Mara', email });
      await sides.deliver();
      const contacts = await sides.contacts();
      expect(contacts).toMatchObject([{ email, ghlContactId: fresh, identifier: fresh }]);
      expect(contacts[0]!.customAttributes).not.toHaveProperty('ghl_deleted');
    });

    it('does not bring back a contact that was deleted in DeskFlow', async () => {
      const id = await sides.createThere({ firstName: 'Mara', email: uniqueEmail() });
      await sides.deliver();
      await db.source.query('delete from contacts');
      await sides.editThere(id, { firstName: 'Maria' });
      expect(await sides.deliver()).toMatchObject([{ reason: 'deleted_in_deskflow' }]); // also before the outbox said so
      await sides.settle();
      expect(await sides.outbox()).toMatchObject([
        { operation: 'delete', state: 'done', reason: 'left_in_highlevel' },
      ]);
      await sides.editThere(id, { firstName: 'Mia' });
      expect(await sides.deliver()).toMatchObject([{ outcome: 'ignored', reason: 'deleted_in_deskflow' }]);
      expect(await sides.contacts()).toEqual([]);
      expect(sides.there(id)).toBeDefined();
    });
  });
});
