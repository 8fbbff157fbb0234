import { readContact } from './contact.js';

describe(readContact.name, () => {
  it('reads a contact event of HighLevel as it comes', () => {
    const event = {
      type: 'ContactCreate',
      locationId: 'Loc0InventedSubacc01',
      id: 'Con0InventedPerson01',
      name: 'Mara Quill',
      phone: '+14155550142',
      address1: '12 Harbour Street',
      dnd: false,
      tags: ['newsletter', 'vip'],
      customFields: [{ id: 'Fld1', value: ['A', 'C'] }],
      attachments: [],
      webhookId: '0b6cc2b4-7a0e-4d6f-9a6e-58f0c2e55b01',
    };
    expect(readContact(event)).toEqual({
      id: 'Con0InventedPerson01',
      locationId: 'Loc0InventedSubacc01',
      type: 'ContactCreate',
      name: 'Mara Quill',
      phone: '+14155550142',
      address1: '12 Harbour Street',
      dnd: false,
      tags: ['newsletter', 'vip'],
      customFields: [{ id: 'Fld1', value: ['A', 'C'] }],
    });
  });

  it.each([undefined, null, 'Con1', [], {}, { id: '' }, { id: 7 }])('is undefined for %j', (value) => {
    expect(readContact(value)).toBeUndefined();
  });

  it('takes what is of the wrong type for absent', () => {
    const wrong = {
      id: 'Con1',
      email: null,
      phone: 5,
      tags: 'vip',
      dnd: 'yes',
      customFields: {},
      dndSettings: [],
    };
    expect(readContact(wrong)).toEqual({ id: 'Con1' });
  });

  it('keeps an empty list apart from a missing one', () => {
    expect(readContact({ id: 'Con1', tags: [] })).toEqual({ id: 'Con1', tags: [] });
  });

  it('prefers address1 and accepts the address and contactName of search answers', () => {
    expect(readContact({ id: 'Con1', address: 'B' })?.address1).toBe('B');
    expect(readContact({ id: 'Con1', address: 'B', address1: 'A' })?.address1).toBe('A');
    expect(readContact({ id: 'Con1', contactName: 'mara' })?.name).toBe('mara');
  });

  it.each(['value', 'field_value', 'fieldValue'])(
    'reads custom fields that call it %s, duplicates included',
    (key) => {
      const customFields = [{ id: 'F1', [key]: 'a' }, { id: 'F1', [key]: 0 }, { [key]: 'no id' }, 'nothing'];
      expect(readContact({ id: 'Con1', customFields })?.customFields).toEqual([
        { id: 'F1', value: 'a' },
        { id: 'F1', value: 0 },
      ]);
    },
  );

  it('reads block states per channel and leaves out states nobody knows', () => {
    const dndSettings = {
      SMS: { status: 'active', message: '', code: '101' },
      RCS: { status: 'maybe' },
      FB: 'off',
    };
    expect(readContact({ id: 'Con1', dndSettings })?.dndSettings).toEqual({
      SMS: { status: 'active', message: '', code: '101' },
      RCS: {},
    });
  });

  it('reads dates as ISO text, whichever way they are written', () => {
    const dates = { dateAdded: 1731920412020, dateUpdated: '2026-11-18T09:40:11.204Z', dateOfBirth: 9e15 };
    expect(readContact({ id: 'Con1', ...dates })).toEqual({
      id: 'Con1',
      dateAdded: '2024-11-18T09:00:12.020Z',
      dateUpdated: '2026-11-18T09:40:11.204Z',
    });
  });

  it('reads a postal code written as a number', () => {
    expect(readContact({ id: 'Con1', postalCode: 94607 })?.postalCode).toBe('94607');
  });

  it('does not let a social security number in', () => {
    expect(JSON.stringify(readContact({ id: 'Con1', ssn: '078-05-1120' }))).not.toContain('078');
  });
});
