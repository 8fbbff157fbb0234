import { type ContactEvent } from '#libs/highlevel';
import { contactOfEvent, lackingFields, overlay, remoteFields } from './remote-contact.js';

describe(remoteFields.name, () => {
  it('reads the documented event', () => {
    const event: ContactEvent = {
      type: 'ContactCreate',
      id: 'Con1',
      firstName: 'Mara',
      lastName: 'Quill',
      name: 'Mara Quill',
      email: 'Mara.Quill@Example.test',
      phone: '+14155550142',
      country: 'us',
      dateOfBirth: '1988-04-02T00:00:00.000Z',
      dnd: false,
      tags: ['Newsletter', ' ', 'VIP Kunde!'],
      customFields: [
        { id: 'F1', value: 'Blue' },
        { id: 'F2', value: ['A', 'C'] },
        { id: 'F1', value: 'Green' },
        { id: 'F3', value: '' },
      ],
    };
    expect(remoteFields(contactOfEvent(event)!, 'US')).toEqual({
      firstName: 'Mara',
      lastName: 'Quill',
      email: 'mara.quill@example.test',
      phone: '+14155550142',
      country: 'US',
      dateOfBirth: '1988-04-02',
      dnd: false,
      'tags.newsletter': true,
      'tags.vip kunde!': true,
      'customFields.F1': 'Green',
      'customFields.F2': ['A', 'C'],
    });
  });

  it.each([
    ['(415) 555-0142', 'US', '+14155550142'],
    ['0171 1234567', 'de', '+491711234567'],
    ['0171 1234567', null, '0171 1234567'],
    ['call me maybe', 'US', 'call me maybe'],
    ['9'.repeat(300), 'US', '9'.repeat(300)],
    ['+1 415 555 0142', 'Atlantis', '+14155550142'],
  ])('reads the phone number %j of a location in %j as %j', (phone, country, read) => {
    expect(remoteFields({ id: 'Con1', phone }, country).phone).toBe(read);
  });

  it.each([
    ['US', 'US'],
    ['Germany', 'DE'],
    ['UK', 'GB'],
    ['united kingdom', 'GB'],
    ['Narnia', 'Narnia'],
  ])('reads the country %j as %j', (country, read) => {
    expect(remoteFields({ id: 'Con1', country }, null).country).toBe(read);
  });

  it('splits a full name only when there are no parts', () => {
    expect(remoteFields({ id: 'Con1', name: 'Mara van Quill' }, null)).toEqual({
      firstName: 'Mara',
      lastName: 'van Quill',
    });
    expect(remoteFields({ id: 'Con1', name: 'mara quill', lastName: 'Quill' }, null)).toEqual({
      lastName: 'Quill',
    });
  });

  it('keeps emoji, right-to-left and 2,000 characters, and drops what cannot be stored', () => {
    const firstName = `${'م'.repeat(2000)}🙂`;
    expect(remoteFields({ id: 'Con1', firstName, lastName: 'a\u0000b\ud800' }, null)).toEqual({
      firstName,
      lastName: 'ab\ufffd',
    });
  });

  it('never takes the name of the event for the type of the contact', () => {
    expect(remoteFields(contactOfEvent({ type: 'ContactUpdate', id: 'Con1' })!, null)).toEqual({});
  });
});

describe(overlay.name, () => {
  const known = { firstName: 'Mara', 'tags.vip': true, 'customFields.F1': 'Blue' } as const;

  it('keeps what is left out', () => {
    expect(overlay(known, { id: 'Con1', lastName: 'Quill' }, null)).toEqual({ ...known, lastName: 'Quill' });
  });

  it('takes tags as a whole list', () => {
    expect(overlay(known, { id: 'Con1', tags: ['new'] }, null)).toEqual({
      firstName: 'Mara',
      'customFields.F1': 'Blue',
      'tags.new': true,
    });
    expect(overlay(known, { id: 'Con1', tags: [] }, null)).not.toHaveProperty(['tags.vip']);
  });
});

describe(lackingFields.name, () => {
  const known = {
    firstName: 'Mara',
    dnd: false,
    timezone: 'Europe/Berlin',
    'tags.vip': true,
    'customFields.F1': 'Blue',
  } as const;

  it('names what an event should have repeated', () => {
    expect(lackingFields(known, { id: 'Con1' }, null)).toEqual(['firstName', 'tags.vip', 'customFields.F1']);
  });

  it('does not ask for removed tags when the list of tags came', () => {
    const contact = { id: 'Con1', firstName: 'M', tags: [], customFields: [{ id: 'F1', value: 'x' }] };
    expect(lackingFields(known, contact, null)).toEqual([]);
  });
});
