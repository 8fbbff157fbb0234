import { seedContacts } from './seed-contacts.js';
import { seededId } from './identifiers.js';
import { type Company, type Contact, type CustomField, type Location, type User } from './model.js';

/** What a new simulator holds. Nobody in it exists; addresses and numbers are those reserved for examples. */
export interface Seed {
  companies: Company[];
  locations: Location[];
  users: User[];
  customFields: CustomField[];
  contacts: Contact[];
}

const COMPANY_ID = seededId('company');

const LOCATIONS = [
  {
    name: 'Harbour Dental',
    city: 'Oakland',
    state: 'CA',
    country: 'US',
    timezone: 'America/Los_Angeles',
    prefix: '+1415555',
  },
  {
    name: 'Linden Physiotherapie',
    city: 'Berlin',
    state: 'BE',
    country: 'DE',
    timezone: 'Europe/Berlin',
    prefix: '+1212555',
  },
  {
    name: 'Palm Court Fitness',
    city: 'Dubai',
    state: 'DU',
    country: 'AE',
    timezone: 'Asia/Dubai',
    prefix: '+1310555',
  },
];
/** Of these locations the last one lets two contacts share an address (HL 5.9). */
const ALLOWS_DUPLICATES = 'Palm Court Fitness';

/** The same company, locations, users, fields and contacts for everybody, so that tests and guides can name them. */
export function seed(): Seed {
  const locations = LOCATIONS.map(seedLocation);
  const customFields = locations.flatMap(({ id }) => seedCustomFields(id));
  const users = seedUsers(locations);
  return {
    companies: [
      {
        id: COMPANY_ID,
        name: 'Northwind Agency',
        email: 'office@northwind-agency.example.test',
        plan: 2,
        relationshipNumber: '0-555-0100',
      },
    ],
    locations,
    users,
    customFields,
    contacts: locations.flatMap((location, index) =>
      seedContacts({
        locationId: location.id,
        country: location.country,
        phonePrefix: LOCATIONS[index]?.prefix ?? '',
        fields: customFields.filter(({ locationId }) => locationId === location.id),
        agents: users.filter(({ locationIds }) => locationIds.includes(location.id)).map(({ id }) => id),
      }),
    ),
  };
}

function seedLocation({
  name,
  city,
  state,
  country,
  timezone,
  prefix,
}: (typeof LOCATIONS)[number]): Location {
  const slug = slugOf(name);
  return {
    id: seededId(`location ${slug}`),
    companyId: COMPANY_ID,
    name,
    address: '1 Example Square',
    city,
    state,
    country,
    postalCode: '00000',
    website: `https://${slug}.example.test`,
    timezone,
    email: `hello@${slug}.example.test`,
    phone: `${prefix}0100`,
    allowDuplicateContact: name === ALLOWS_DUPLICATES,
    uniqueFields: ['email', 'phone'],
    active: true,
  };
}

function seedUsers(locations: readonly Location[]): User[] {
  const ids = locations.map(({ id }) => id);
  const agency: User = {
    id: seededId('user agency admin'),
    companyId: COMPANY_ID,
    firstName: 'Ada',
    lastName: 'Agency',
    email: 'ada.agency@example.test',
    phone: '+14155550101',
    type: 'agency',
    role: 'admin',
    locationIds: ids,
  };
  const staff = locations.flatMap((location, index): User[] => [
    staffMember(location, 'Ivo', `Admin${index + 1}`, 'admin', index * 2),
    staffMember(location, 'Uma', `Agent${index + 1}`, 'user', index * 2 + 1),
  ]);
  return [agency, ...staff];
}

function staffMember(
  location: Location,
  firstName: string,
  lastName: string,
  role: User['role'],
  number: number,
): User {
  return {
    id: seededId(`user ${firstName} ${lastName}`),
    companyId: location.companyId,
    firstName,
    lastName,
    email: `${firstName}.${lastName}@example.test`.toLowerCase(),
    phone: `+14155550${190 + number}`,
    type: 'account',
    role,
    locationIds: [location.id],
  };
}

function seedCustomFields(locationId: string): CustomField[] {
  const field = (
    name: string,
    key: string,
    dataType: CustomField['dataType'],
    position: number,
  ): CustomField => ({
    id: seededId(`field ${locationId} ${key}`),
    locationId,
    name,
    fieldKey: `contact.${key}`,
    dataType,
    position,
  });
  return [
    field('Favourite colour', 'favourite_colour', 'TEXT', 0),
    field('Loyalty points', 'loyalty_points', 'NUMERICAL', 50),
    {
      ...field('Interests', 'interests', 'MULTIPLE_OPTIONS', 100),
      picklistOptions: ['Prices', 'News', 'Events'],
    },
  ];
}

function slugOf(name: string): string {
  return name.toLowerCase().replaceAll(' ', '-');
}
