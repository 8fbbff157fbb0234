import { createSimulator } from '#apps/simulator/simulator.js';
import { SCOPES } from '#libs/highlevel';

/** What the measuring process asks. */
export type SimulatorOrder =
  | { readonly install: number }
  /** So many people, and nobody else. */
  | { readonly seed: number }
  | { readonly limits: 'none' | 'of HighLevel' }
  /** A person there changes a contact's city. */
  | { readonly edit: { readonly id: string; readonly city: string } }
  | 'count requests';

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
    readonly publicKeyPem: string;
  };
  readonly pairs?: readonly GrantedPair[];
  /** People there have been. */
  readonly seeded?: number;
  readonly requests?: RequestCounts;
  /** The city that the app has just given a contact. */
  readonly pushed?: string;
}

export interface RequestCounts {
  readonly total: number;
  readonly token: number;
  /** Answered with 429. */
  readonly refused: number;
}

const LIMITS = {
  none: { max: 1_000_000, intervalMs: 10_000, daily: 100_000_000, retryAfter: false },
  /** HL 3. */
  'of HighLevel': { max: 100, intervalMs: 10_000, daily: 200_000, retryAfter: false },
};

/** HighLevel in a process of its own, so that its memory and its work are not taken for this service's. */
const webhookUrl = process.env['BENCH_WEBHOOK_URL'];
let seeded = 0;
const simulator = await createSimulator({
  // HighLevel has many senders.
  settings: { rateLimit: LIMITS.none, searchLagMs: 0, webhookConcurrency: 16 },
  ...(webhookUrl !== undefined && { webhookUrl }),
});
await simulator.listen();
const locationId = simulator.locations[0]?.id ?? '';

reportPushes();

process.on('message', (order: SimulatorOrder) => {
  if (order === 'count requests') report({ requests: counts() });
  else if ('edit' in order) edit(order.edit);
  else if ('limits' in order) {
    simulator.requests.clear();
    simulator.settings.change({ rateLimit: LIMITS[order.limits] });
    report({});
  } else if ('seed' in order) report({ seeded: seed(order.seed) });
  else report({ pairs: install(order.install) });
});
process.on('disconnect', () => process.exit(0));
const { url, clientId, clientSecret, publicKeyPem } = simulator;
report({ ready: { url, clientId, clientSecret, locationId, publicKeyPem } });

/** Tells of every city that a contact gets by a call of the app. */
function reportPushes(): void {
  const { contacts } = simulator;
  const replace = contacts.replace.bind(contacts);
  contacts.replace = (before, after) => {
    const stored = replace(before, after);
    if (stored.city !== undefined && stored.city !== before.city) report({ pushed: stored.city });
    return stored;
  };
}

function edit({ id, city }: { readonly id: string; readonly city: string }): void {
  const contact = simulator.contacts.get(id);
  if (contact) simulator.contacts.replace(contact, { ...contact, city });
}

function install(count: number): GrantedPair[] {
  return Array.from({ length: count }, () => {
    const answer = simulator.install({ locationId, scope: SCOPES.join(' ') });
    return { accessToken: String(answer['access_token']), refreshToken: String(answer['refresh_token']) };
  });
}

/** @returns how many there have been, so that nobody has the address of somebody before */
function seed(count: number): number {
  const { contacts, locations } = simulator;
  const location = locations[0];
  if (!location) throw new Error('the simulator has no location');
  // They were there before the app was, or went unseen: nothing tells of them.
  simulator.settings.change({ webhookUrl: null });
  for (const contact of contacts.list(location.id)) contacts.remove(contact);
  for (const end = seeded + count; seeded < end; seeded += 1) {
    const person = {
      firstName: 'Person',
      lastName: `N${seeded}`,
      email: `person.${seeded}@import.example.test`,
      phone: `+1415${1_000_000 + seeded}`,
      city: 'Oakland',
      tags: ['imported'],
    };
    contacts.add(contacts.draft(location, person));
  }
  simulator.settings.change({ webhookUrl: webhookUrl ?? null });
  return seeded;
}

/** The log forgets the oldest requests, its total does not: all of them were for tokens if all that it knows were. */
function counts(): RequestCounts {
  const { requests } = simulator;
  const refused = requests.count(undefined, undefined, 429);
  const others = requests.list().filter(({ path }) => path !== '/oauth/token').length;
  return { total: requests.total, token: requests.total - others, refused };
}

function report(message: SimulatorReport): void {
  process.send?.(message);
}
