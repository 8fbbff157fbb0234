import { seededId } from './identifiers.js';
import { type Contact, type CustomField } from './model.js';

export interface SeedContactsOptions {
  locationId: string;
  country: string;
  /** `+1415555`: with four more digits a number that is reserved for examples. */
  phonePrefix: string;
  fields: readonly CustomField[];
  /** User ids. */
  agents: readonly string[];
}

const PEOPLE: readonly (readonly [first: string, last: string])[] = [
  ['Mara', 'Quill'],
  ['Ivo', 'Brand'],
  ['Zoë', 'Müller-Lüdenscheidt'],
  ['José', 'Ñandú'],
  ['نور', 'الهدى'],
  ['שירה', 'לוי'],
  ['小雨', '王'],
  ['Дарья', 'Светлова'],
  ['Sunny ☀️', 'Day'],
  ['👩‍🚀 Astra', 'Orbit'],
  ["D'Arcy", 'O’Neil'],
  ['Anne-Marie', 'van der Veer'],
  ['Mononym', ''],
  ['', 'Surnameonly'],
  ['Tëst', 'Ünïcödé'],
  ['Björk', 'Þórsdóttir'],
  ['İpek', 'Işık'],
  ['Nguyễn', 'Ánh'],
  ['Priya', 'रश्मि'],
  ['Max', 'Mustermann'],
  ['Erika', 'Musterfrau'],
  ['Pat', 'Placeholder'],
  ['Robin', 'Example'],
  ['Sam', 'Sample'],
  ['Longname', 'Longlastname'.repeat(8)],
];

const SOURCES = ['website form', 'referral', 'walk-in', undefined];
const TAGS = [['newsletter'], ['newsletter', 'vip'], [], ['renewal-due'], ['vip', 'été 2026']];
/** The first contact came at this moment, the others an hour apart. */
const FIRST_DAY = Date.UTC(2026, 0, 5, 9);
const HOUR_MS = 3_600_000;

/** 25 contacts of all sorts: without e-mail, without phone, without either, every script, DND, tags, fields. */
export function seedContacts(options: SeedContactsOptions): Contact[] {
  return PEOPLE.map((person, index) => seedContact(person, index, options));
}

function seedContact(
  [firstName, lastName]: readonly [string, string],
  index: number,
  { locationId, country, phonePrefix, fields, agents }: SeedContactsOptions,
): Contact {
  const id = seededId(`contact ${locationId} ${index}`);
  const added = new Date(FIRST_DAY + index * HOUR_MS).toISOString();
  const source = SOURCES[index % SOURCES.length];
  const [colour, points, interests] = fields;
  const agent = agents[index % 4];
  return {
    id,
    locationId,
    ...(firstName && { firstName }),
    ...(lastName && { lastName }),
    ...(index % 7 !== 3 && {
      email: `person${index + 1}.${locationId.slice(0, 4).toLowerCase()}@example.test`,
    }),
    ...(index % 5 !== 3 && { phone: `${phonePrefix}0${String(110 + index).padStart(3, '0')}` }),
    ...(index % 3 === 0 && { companyName: `Example & Sons ${index + 1}` }),
    ...(index % 4 === 1 && {
      address1: `${index + 1} Harbour Street`,
      city: 'Sampleton',
      postalCode: '00042',
    }),
    ...(index % 6 === 2 && { website: `https://person${index + 1}.example.test` }),
    ...(index % 5 === 0 && { dateOfBirth: new Date(Date.UTC(1970 + index, index % 12, 2)).toISOString() }),
    ...(source !== undefined && { source }),
    ...(agent !== undefined && { assignedTo: agent }),
    country,
    tags: TAGS[index % TAGS.length] ?? [],
    customFields: [
      ...(colour && index % 2 === 0 ? [{ id: colour.id, value: ['Blue', 'Green', 'أحمر'][index % 3] }] : []),
      ...(points && index % 5 === 1 ? [{ id: points.id, value: index * 10 }] : []),
      ...(interests && index % 8 === 5 ? [{ id: interests.id, value: ['News', 'Events'] }] : []),
    ],
    dnd: index % 11 === 10,
    ...(index % 9 === 4 && {
      dndSettings: {
        SMS: { status: 'active' as const, message: 'STOP received', code: '101' },
        Email: { status: 'inactive' as const },
      },
    }),
    dateAdded: added,
    dateUpdated: added,
  };
}
