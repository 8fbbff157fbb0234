import { useDatabase } from '../harness/database.js';
import { TwoSides, uniqueEmail } from './two-sides.js';
import { untilBlocked } from '../harness/until-blocked.js';

describe('an event of a contact without a link', () => {
  const db = useDatabase();
  let sides: TwoSides;

  beforeAll(async () => {
    sides = await TwoSides.open(db.source);
  });
  afterAll(() => sides.close());
  beforeEach(() => sides.reset());

  it('finds the contact that DeskFlow knows already: by e-mail in any case, else by phone', async () => {
    const email = uniqueEmail();
    const byEmail = await sides.create({
      name: 'M',
      email,
      additionalAttributes: { website: 'https://m.example.test' },
    });
    const byPhone = await sides.create({ name: 'I', phoneNumber: '+14155559001' });
    await db.source.query('update contacts set email = upper(email) where id = $1', [byEmail.id]);
    await db.source.query('truncate ghl.outbox');
    const first = await sides.createThere({ firstName: 'Mara', email });
    const second = await sides.createThere({ firstName: 'Ivo', phone: '(415) 555-9001' });
    await sides.deliver();
    expect(await sides.contacts()).toMatchObject([
      { id: byEmail.id, name: 'Mara', ghlContactId: first },
      { id: byPhone.id, name: 'Ivo', ghlContactId: second },
    ]);
    // What only DeskFlow knew travels; the other one had nothing to add.
    expect(await sides.outbox()).toMatchObject([{ contact_id: byEmail.id, state: 'pending' }]);
    await sides.settle();
    expect(sides.there(first)).toMatchObject({ website: 'https://m.example.test' });
  });

  it('takes the same phone with another e-mail for another person, and loses neither number', async () => {
    await sides.create({ name: 'Ivo', email: uniqueEmail(), phoneNumber: '+14155559002' });
    await sides.createThere({ firstName: 'Ida', email: uniqueEmail(), phone: '+14155559002' });
    await sides.deliver();
    expect(await sides.contacts()).toMatchObject([
      { name: 'Ivo', phoneNumber: '+14155559002' },
      { name: 'Ida', phoneNumber: null, customAttributes: { ghl_phone_raw: '+14155559002' } },
    ]);
  });

  it('makes one contact of two contacts’ worth of racing events', async () => {
    const email = uniqueEmail();
    const id = await sides.createThere({ firstName: 'Mara', email });
    await sides.editThere(id, { lastName: 'Quill' });
    const events = await sides.dropEvents();
    expect(events).toHaveLength(2);
    await Promise.all(events.map((event) => sides.apply([event])));
    expect(await sides.contacts()).toHaveLength(1);
    expect(await sides.links()).toHaveLength(1);
  });

  it('keeps two contacts of HighLevel with one e-mail apart', async () => {
    const email = uniqueEmail();
    await sides.apply([sides.event({ type: 'ContactCreate', id: 'RemoteA', firstName: 'A', email })]);
    await sides.apply([
      sides.event({ type: 'ContactCreate', id: 'RemoteB', firstName: 'B', email: email.toUpperCase() }),
    ]);
    expect(await sides.contacts()).toMatchObject([
      { name: 'A', email },
      { name: 'B', email: null, customAttributes: { ghl_email_raw: email } },
    ]);
    await sides.settle();
    expect(sides.writes).toBe(0);
  });

  it('goes by the e-mail first, then by the phone', async () => {
    const email = uniqueEmail();
    const byPhone = await sides.create({ name: 'P', phoneNumber: '+14155559003' });
    const byEmail = await sides.create({ name: 'E', email });
    await sides.createThere({ firstName: 'Mara', email, phone: '+14155559003' });
    await sides.deliver();
    expect(await sides.contacts()).toMatchObject([
      { id: byPhone.id, name: 'P', phoneNumber: '+14155559003', ghlContactId: null },
      {
        id: byEmail.id,
        name: 'Mara',
        phoneNumber: null,
        customAttributes: { ghl_phone_raw: '+14155559003' },
      },
    ]);
  });

  it('does not take a contact that is another one’s partner', async () => {
    const email = uniqueEmail();
    const { id } = await sides.linked({ email });
    await sides.apply([sides.event({ type: 'ContactCreate', id: 'RemoteC', firstName: 'C', email })]);
    const contacts = await sides.contacts();
    expect(contacts).toMatchObject([
      { id, name: 'Mara', email },
      { name: 'C', email: null },
    ]);
    expect(await sides.links()).toHaveLength(2);
  });

  it('goes by the link before everything else', async () => {
    const [mine, theirs] = [uniqueEmail(), uniqueEmail()];
    const { id, ghlId } = await sides.linked({ email: mine });
    const other = await sides.create({ name: 'Other', email: theirs });
    await db.query('truncate ghl.outbox');
    await sides.apply([sides.event({ type: 'ContactUpdate', id: ghlId, firstName: 'Maria', email: theirs })]);
    expect(await sides.contacts()).toMatchObject([
      { id, name: 'Maria', email: null, customAttributes: { ghl_email_raw: theirs } },
      { id: other.id, name: 'Other', email: theirs, ghlContactId: null },
    ]);
    expect(await sides.outbox()).toEqual([]);
  });

  it('leaves an identifier that is there, and other CRMs’ ids', async () => {
    const email = uniqueEmail();
    await sides.create({
      name: 'Mara',
      email,
      identifier: 'widget-user-7',
      additionalAttributes: { external: { leadsquared_id: 'L1' } },
    });
    const ghlId = await sides.createThere({ firstName: 'Mara', email });
    await sides.deliver();
    expect(await sides.contacts()).toMatchObject([
      {
        identifier: 'widget-user-7',
        ghlContactId: ghlId,
        additionalAttributes: { external: { leadsquared_id: 'L1', gohighlevel_id: ghlId } },
      },
    ]);
  });

  it('does without an identifier that another contact has', async () => {
    await sides.create({ name: 'Other', identifier: 'RemoteD' });
    await sides.apply([sides.event({ type: 'ContactCreate', id: 'RemoteD', firstName: 'Mara' })]);
    expect(await sides.contacts()).toMatchObject([
      { name: 'Other', identifier: 'RemoteD', ghlContactId: null },
      { name: 'Mara', identifier: null, ghlContactId: 'RemoteD' },
    ]);
  });

  it('finds the contact that DeskFlow’s own code makes at the same moment', async () => {
    const email = uniqueEmail();
    const rails = db.source.createQueryRunner();
    await rails.startTransaction();
    await rails.query(
      `insert into contacts (account_id, name, email, created_at, updated_at) values (1, 'Visitor', $1, now(), now())`,
      [email],
    );
    const applying = sides.apply([
      sides.event({ type: 'ContactCreate', id: 'RemoteE', firstName: 'Mara', email: email.toUpperCase() }),
    ]);
    await untilBlocked(db);
    await rails.commitTransaction();
    await rails.release();
    expect(await applying).toMatchObject([{ outcome: 'applied' }]);
    expect(await sides.contacts()).toMatchObject([{ name: 'Mara', email, ghlContactId: 'RemoteE' }]);
  });

  it('of another account’s contacts sees nothing', async () => {
    const email = uniqueEmail();
    await db.query(
      `insert into accounts (id, name, created_at, updated_at) values (2, 'Globex', now(), now())`,
    );
    await db.query(
      `insert into contacts (account_id, name, email, identifier, created_at, updated_at)
       values (2, 'Theirs', $1, 'RemoteF', now(), now())`,
      [email],
    );
    await sides.apply([sides.event({ type: 'ContactCreate', id: 'RemoteF', firstName: 'Mara', email })]);
    const rows = await db.query(
      'select account_id, name, email, identifier from contacts order by account_id',
    );
    expect(rows).toEqual([
      { account_id: 1, name: 'Mara', email, identifier: 'RemoteF' },
      { account_id: 2, name: 'Theirs', email, identifier: 'RemoteF' },
    ]);
  });
});
