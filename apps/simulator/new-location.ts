import { newId } from './identifiers.js';
import { type Location } from './model.js';

/** A sub-account that somebody adds while the simulator runs. */
export function newLocation(companyId: string, name: string): Location {
  return {
    id: newId(),
    companyId,
    name,
    address: '1 Example Square',
    city: 'Oakland',
    state: 'CA',
    country: 'US',
    postalCode: '00000',
    website: 'https://new.example.test',
    timezone: 'America/Los_Angeles',
    email: 'hello@new.example.test',
    phone: '+14155550100',
    allowDuplicateContact: false,
    uniqueFields: ['email', 'phone'],
    active: true,
  };
}
