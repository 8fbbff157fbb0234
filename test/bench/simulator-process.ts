import { createSimulator } from '#apps/simulator/simulator.js';
import { SCOPES } from '#libs/highlevel';

/** What the measuring process asks. */
export type SimulatorOrder = { readonly install: number } | { readonly seed: number } | 'count requests';

/** A pair as the token endpoint granted it. */
export interface GrantedPair {
  readonly accessToken: string;
  readonly refreshToken: string;
}

export interface SimulatorReport {
  readonly ready?: {
    readonly url: string;
    readonly clientId: string;
    readonly clientSecret: string;
    readonly locationId: string;
  };
  readonly pairs?: readonly GrantedPair[];
  /** People there are. */
  readonly seeded?: number;
  readonly requests?: { readonly total: number; readonly token: number };
}

/** HighLevel in a process of its own, so that its memory and its work are not taken for this service's. */
const simulator = await createSimulator({ settings: { rateLimit: unlimited() } });
await simulator.listen();
const locationId = simulator.locations[0]?.id ?? '';

process.on('message', (order: SimulatorOrder) => {
  if (order === 'count requests') report({ requests: counts() });
  else if ('seed' in order) report({ seeded: seed(order.seed) });
  else report({ pairs: install(order.install) });
});
process.on('disconnect', () => process.exit(0));
const { url, clientId, clientSecret } = simulator;
report({ ready: { url, clientId, clientSecret, locationId } });

function install(count: number): GrantedPair[] {
  return Array.from({ length: count }, () => {
    const answer = simulator.install({ locationId, scope: SCOPES.join(' ') });
    return { accessToken: String(answer['access_token']), refreshToken: String(answer['refresh_token']) };
  });
}

function seed(count: number): number {
  const { contacts, locations } = simulator;
  const location = locations[0];
  if (!location) throw new Error('the simulator has no location');
  for (let n = contacts.list(location.id).length; n < count; n += 1) {
    const person = {
      firstName: 'Person',
      lastName: `N${n}`,
      email: `person.${n}@import.example.test`,
      phone: `+1415${1_000_000 + n}`,
      city: 'Oakland',
      tags: ['imported'],
    };
    contacts.add(contacts.draft(location, person));
  }
  return count;
}

/** The log forgets the oldest requests, its total does not: all of them were for tokens if all that it knows were. */
function counts(): { total: number; token: number } {
  const { requests } = simulator;
  const others = requests.list().filter(({ path }) => path !== '/oauth/token').length;
  return { total: requests.total, token: requests.total - others };
}

function unlimited(): { max: number; intervalMs: number; daily: number; retryAfter: boolean } {
  return { max: 1_000_000, intervalMs: 10_000, daily: 100_000_000, retryAfter: false };
}

function report(message: SimulatorReport): void {
  process.send?.(message);
}
