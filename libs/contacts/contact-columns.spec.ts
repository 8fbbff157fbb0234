import { contactColumns, differs } from './contact-columns.js';

describe(contactColumns.name, () => {
  it.each([
    [' Mara@Example.TEST ', 'mara@example.test'],
    ['', null],
    ['   ', null],
    ['not an address', null],
    ['two@@ats', null],
    [`${'a'.repeat(260)}@example.test`, null],
  ])('stores the e-mail %j as %j', (given, stored) => {
    expect(contactColumns({ email: given }).email).toBe(stored);
  });

  it.each([
    ['+14155550142', '+14155550142'],
    ['abc+14155550142', null],
    ['4155550142', null],
    ['+0155', null],
    ['', null],
  ])('stores the phone number %j as %j', (given, stored) => {
    expect(contactColumns({ phoneNumber: given }).phoneNumber).toBe(stored);
  });

  it('never stores an empty identifier, which would collide', () => {
    expect(contactColumns({ identifier: ' ' }).identifier).toBeNull();
  });

  it('clips the name to what Rails can save again', () => {
    expect(Array.from(contactColumns({ name: '🙂'.repeat(2000) }).name)).toHaveLength(255);
  });

  it('mirrors city and country', () => {
    const columns = contactColumns({ additionalAttributes: { city: 'Oakland', country: 'United States' } });
    expect(columns).toMatchObject({ location: 'Oakland', countryCode: 'United States' });
    expect(contactColumns({ additionalAttributes: { city: 7 } }).location).toBe('');
  });

  it.each([
    [{ email: 'a@example.test' }, 1],
    [{ phoneNumber: '+14155550142' }, 1],
    [{ additionalAttributes: { social_telegram_user_id: 5 } }, 1],
    [{ additionalAttributes: { social_profiles: {} } }, 0],
    [{ name: 'Mara' }, 0],
  ])('takes %j for contact type %d', (draft, type) => {
    expect(contactColumns(draft).contactType).toBe(type);
  });

  it('keeps what is not mentioned, in its own spelling', () => {
    const stored = {
      ...contactColumns({ name: 'Mara' }),
      email: 'MARA@example.test',
      contactType: 2 as const,
    };
    expect(contactColumns({ name: 'Mara Quill' }, stored)).toEqual({ ...stored, name: 'Mara Quill' });
  });

  it('sees no difference between null and what Rails fills in', () => {
    const stored = { ...contactColumns({}), name: null, location: null, additionalAttributes: null };
    expect(differs(contactColumns({}, stored), stored)).toBe(false);
    expect(differs(contactColumns({ name: 'x' }, stored), stored)).toBe(true);
  });
});
