import { type ContactFields } from './canonical-contact.js';
import { isNothing, planCreate, planUpdate } from './push-plan.js';

const BASE: ContactFields = {
  firstName: 'Mara',
  email: 'mara@example.test',
  country: 'US',
  city: 'Oakland',
  companyName: 'Quill',
  'tags.vip kunde!': true,
  'customFields.text': 'Blue',
  'customFields.list': ['A'],
  'customFields.number': 5,
};
const NONE = new Set<never>();

describe(planUpdate.name, () => {
  it('sends nothing without a difference', () => {
    const plan = planUpdate(BASE, { ...BASE }, NONE);
    expect(isNothing(plan)).toBe(true);
    expect(plan.sent.size).toBe(0);
  });

  it('sends the changed fields only, and tags apart', () => {
    const local = {
      ...BASE,
      firstName: 'Maria',
      'tags.new': true,
      'customFields.list': ['A', 'B'],
    } as ContactFields;
    expect(planUpdate(BASE, local, NONE)).toEqual({
      patch: { firstName: 'Maria', customFields: [{ id: 'list', field_value: ['A', 'B'] }] },
      addTags: ['new'],
      removeTags: [],
      sent: new Map<string, unknown>([
        ['firstName', 'Maria'],
        ['customFields.list', ['A', 'B']],
        ['tags.new', true],
      ]),
    });
  });

  it('clears what HighLevel lets be cleared', () => {
    const plan = planUpdate(BASE, {}, NONE);
    expect(plan.patch).toEqual({
      firstName: null,
      email: null,
      city: null,
      customFields: [
        { id: 'text', field_value: '' },
        { id: 'list', field_value: [] },
      ],
    });
    expect(plan.removeTags).toEqual(['vip kunde!']);
  });

  it.each<[string, ContactFields]>([
    ['the company, for which the call has no place', { companyName: 'Other' }],
    ['a country without a code', { country: 'Narnia' }],
    ['a phone number that is none', { phone: 'call me maybe' }],
    ['a date of birth that is no date', { dateOfBirth: 'in spring' }],
    ['what is HighLevel’s to decide', { dnd: true, assignedTo: 'Usr1', type: 'lead', dndSettings: {} }],
    ['a custom value of no kind HighLevel has', { 'customFields.file': { a: 1 } }],
  ])('does not send %s', (_, change) => {
    expect(isNothing(planUpdate(BASE, { ...BASE, ...change }, NONE))).toBe(true);
  });

  it('does not send fields of another location', () => {
    expect(isNothing(planUpdate({}, { 'customFields.F9': 'x' }, new Set(['customFields.F9'] as const)))).toBe(
      true,
    );
  });
});

describe(planCreate.name, () => {
  it('sends everything but the tags, which would replace those HighLevel has', () => {
    const plan = planCreate(
      { firstName: 'Mara', phone: '+14155550142', companyName: 'Quill', dnd: true, 'tags.vip': true },
      NONE,
    );
    expect(plan).toMatchObject({
      contact: { firstName: 'Mara', phone: '+14155550142', companyName: 'Quill' },
      addTags: ['vip'],
    });
    expect(plan?.contact).not.toHaveProperty('tags');
    expect(plan?.contact).not.toHaveProperty('dnd');
  });

  it('has no plan for a contact that HighLevel could not recognise', () => {
    expect(planCreate({ firstName: 'Mara' }, NONE)).toBeUndefined();
    expect(planCreate({ firstName: 'Mara', email: 'no address' }, NONE)).toBeUndefined();
  });
});
