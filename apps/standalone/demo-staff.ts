import { seededId } from '#apps/simulator/identifiers.js';
import { type Simulator } from '#apps/simulator/simulator.js';
import { DEMO_AGENT_EMAIL } from '#libs/database';

/**
 * DeskFlow's demo people work in HighLevel as well, in every location and under the same e-mail addresses: so they can
 * sign on from its frame.
 */
export function addDemoStaff({ world }: Simulator, adminEmail: string): void {
  const people = [
    { firstName: 'Ada', lastName: 'Admin', email: adminEmail.toLowerCase(), role: 'admin' },
    { firstName: 'Alan', lastName: 'Agent', email: DEMO_AGENT_EMAIL, role: 'user' },
  ] as const;
  const locations = world.locations.values();
  for (const person of people) {
    const id = seededId(`demo ${person.role}`);
    world.users.set(id, {
      ...person,
      id,
      companyId: locations[0]?.companyId ?? '',
      phone: '',
      type: 'account',
      locationIds: locations.map((location) => location.id),
    });
  }
}
