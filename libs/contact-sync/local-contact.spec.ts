import { type ContactFields, fieldNames } from './canonical-contact.js';
import { FieldMap } from './field-map.js';
import { localChanges, localFields } from './local-contact.js';

const FREE = { email: true, phone: true };
const NOBODY = {
  name: '',
  email: null,
  phoneNumber: null,
  additionalAttributes: null,
  customAttributes: null,
};

/** A DeskFlow contact as it looks after `fields` were written. */
function shown(fields: ContactFields, free = FREE): { contact: typeof NOBODY; labels: readonly string[] } {
  const { contact, labels } = localChanges(undefined, fields, fieldNames(fields), free, STANDARD);
  return { contact: { ...NOBODY, ...(contact as object) }, labels: labels.add };
}

const FULL: ContactFields = {
  firstName: 'Mara',
  lastName: 'van Quill',
  email: 'mara@example.test',
  phone: '+14155550142',
  companyName: 'Quill & Sons',
  address1: '12 Harbour Street',
  city: 'Oakland',
  state: 'CA',
  postalCode: '94607',
  country: 'US',
  website: 'https://quill.example.test',
  timezone: 'America/Los_Angeles',
  source: 'website form',
  dateOfBirth: '1988-04-02',
  assignedTo: 'Usr1',
  type: 'lead',
  dnd: true,
  dndSettings: { SMS: { status: 'active' } },
  'tags.vip kunde!': true,
  'customFields.F1': 'Blue',
  'customFields.F2': ['A', 'C'],
  'customFields.F3': { uuid: { url: 'https://files.example.test/1' } },
};

const STANDARD = new FieldMap();

describe('the mapping', () => {
  it('puts every field where DeskFlow keeps it', () => {
    const { contact, labels } = shown(FULL);
    expect(contact).toEqual({
      name: 'Mara van Quill',
      email: 'mara@example.test',
      phoneNumber: '+14155550142',
      additionalAttributes: {
        company_name: 'Quill & Sons',
        address: '12 Harbour Street',
        city: 'Oakland',
        state: 'CA',
        postal_code: '94607',
        country: 'United States',
        country_code: 'US',
        website: 'https://quill.example.test',
        timezone: 'America/Los_Angeles',
        source: 'website form',
      },
      customAttributes: {
        ghl_date_of_birth: '1988-04-02',
        ghl_assigned_to: 'Usr1',
        ghl_type: 'lead',
        ghl_dnd: true,
        ghl_dnd_settings: { SMS: { status: 'active' } },
        ghl_field_F1: 'Blue',
        ghl_field_F2: ['A', 'C'],
        ghl_field_F3: { uuid: { url: 'https://files.example.test/1' } },
      },
    });
    expect(labels).toEqual(['vip-kunde']);
  });

  it('reads back what it wrote', () => {
    const { contact, labels } = shown(FULL);
    expect(localFields(contact, labels, FULL, STANDARD)).toEqual(FULL);
  });

  it.each<[string, ContactFields]>([
    ['a name of 2,000 characters', { firstName: 'n'.repeat(2000), lastName: 'm'.repeat(2000) }],
    ['emoji and right-to-left text', { firstName: '🙂', lastName: 'مرحبا', city: 'القاهرة' }],
    ['neither e-mail nor phone', { firstName: 'Mara' }],
    ['an unparsable phone', { phone: 'call me maybe' }],
    ['an invalid e-mail', { email: 'not an address' }],
    ['a first name with blanks', { firstName: 'Mara Lou', lastName: 'Quill' }],
    ['a last name alone', { lastName: 'Quill' }],
    ['an unknown country', { country: 'Narnia' }],
    ['tags that share a label', { 'tags.vip kunde': true, 'tags.vip kunde!': true }],
  ])('takes %s for unchanged', (_, fields) => {
    const { contact, labels } = shown(fields);
    expect(localFields(contact, labels, fields, STANDARD)).toEqual(fields);
  });

  it('shows what a column cannot take beside it, and still takes it for unchanged', () => {
    const fields = { email: 'mara@example.test', phone: 'call me maybe' };
    const { contact } = shown(fields, { email: false, phone: true });
    expect(contact).toMatchObject({
      email: null,
      phoneNumber: null,
      customAttributes: { ghl_email_raw: 'mara@example.test', ghl_phone_raw: 'call me maybe' },
    });
    expect(localFields(contact, [], fields, STANDARD)).toEqual(fields);
  });
});

describe(localFields.name, () => {
  it('splits a changed name at the first blank', () => {
    const base = { firstName: 'Mara Lou', lastName: 'Quill' };
    expect(localFields({ ...NOBODY, name: 'Mara van  Quill' }, [], base, STANDARD)).toEqual({
      firstName: 'Mara',
      lastName: 'van  Quill',
    });
  });

  it('takes a removed label for all tags behind it, and a new one for a tag', () => {
    const base: ContactFields = { 'tags.vip kunde': true, 'tags.vip kunde!': true, 'tags.old': true };
    expect(localFields(NOBODY, ['old', 'fresh'], base, STANDARD)).toEqual({
      'tags.old': true,
      'tags.fresh': true,
    });
  });

  it('does not look at what is HighLevel’s to decide', () => {
    const contact = { ...NOBODY, customAttributes: { ghl_dnd: false, ghl_assigned_to: 'somebody' } };
    expect(localFields(contact, [], { dnd: true }, STANDARD)).toEqual({ dnd: true });
  });

  it('reads a country by its name when there is no code', () => {
    expect(
      localFields({ ...NOBODY, additionalAttributes: { country: 'germany' } }, [], {}, STANDARD),
    ).toEqual({
      country: 'DE',
    });
  });

  it('reads a number as text where HighLevel has text', () => {
    expect(
      localFields({ ...NOBODY, additionalAttributes: { postal_code: 94607 } }, [], {}, STANDARD),
    ).toEqual({
      postalCode: '94607',
    });
  });
});

describe(localChanges.name, () => {
  const { contact } = shown(FULL);

  it('touches only what is named', () => {
    expect(localChanges(contact, { ...FULL, city: 'Berlin' }, ['city'], FREE, STANDARD)).toEqual({
      contact: { additionalAttributes: expect.objectContaining({ city: 'Berlin', state: 'CA' }) },
      labels: { add: [], remove: [] },
    });
  });

  it('takes cleared attributes away and keeps those of others', () => {
    const mixed = { ...NOBODY, additionalAttributes: { city: 'Oakland', description: 'nice' } };
    expect(localChanges(mixed, {}, ['city', 'state'], FREE, STANDARD).contact).toEqual({
      additionalAttributes: { description: 'nice' },
    });
  });

  it('keeps a label until the last tag behind it is gone', () => {
    const two: ContactFields = { 'tags.vip kunde': true };
    expect(localChanges(NOBODY, two, ['tags.vip kunde!'], FREE, STANDARD).labels).toEqual({
      add: ['vip-kunde'],
      remove: [],
    });
    expect(localChanges(NOBODY, {}, ['tags.vip kunde!'], FREE, STANDARD).labels).toEqual({
      add: [],
      remove: ['vip-kunde'],
    });
  });

  it('drops the raw value once somebody has filled the column', () => {
    const filled = {
      ...NOBODY,
      phoneNumber: '+14155550142',
      customAttributes: { ghl_phone_raw: 'x', tier: 'gold' },
    };
    expect(localChanges(filled, {}, [], FREE, STANDARD).contact).toEqual({
      customAttributes: { tier: 'gold' },
    });
  });
});
