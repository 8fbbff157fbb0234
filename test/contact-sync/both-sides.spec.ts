import fc from 'fast-check';
import { type InboundContactEvent } from '#libs/contact-sync';
import { CONFLICT_POLICIES } from '#libs/database';
import { useDatabase } from '../harness/database.js';
import { ACCOUNT, TwoSides, uniqueEmail } from './two-sides.js';

const PEOPLE = 3;
const RUNS = 15;

const person = fc.nat({ max: PEOPLE - 1 });
const name = fc.constantFrom('Ann', 'Bo', 'Cleo Dara', 'Eve Fay Gil');
const city = fc.constantFrom('Oakland', 'Bergen', 'Porto', null);
const label = fc.constantFrom('vip', 'lead', 'renewal');

/** What happens next, on one of the sides or between them. */
const step = fc.oneof(
  fc.record({
    kind: fc.constant('here' as const),
    person,
    change: fc.oneof(
      fc.record({ name }),
      fc.record({ city }),
      fc.record({ add: label }),
      fc.record({ remove: label }),
    ),
  }),
  fc.record({
    kind: fc.constant('there' as const),
    person,
    change: fc.oneof(
      fc.record({ firstName: name }),
      fc.record({ lastName: name }),
      fc.record({ city }),
      fc.record({ tags: fc.subarray(['vip', 'lead', 'renewal']) }),
    ),
  }),
  fc.record({
    kind: fc.constant('push' as const),
    trouble: fc.constantFrom(undefined, undefined, 'unavailable', 'rate_limit', 'lose_answer', 'worker_died'),
  }),
  fc.record({ kind: fc.constant('deliver' as const), order: fc.boolean() }),
);
/** What the network does to an event. */
const fate = fc.constantFrom('comes', 'comes', 'comes', 'twice', 'late', 'lost');

const db = useDatabase();
let sides: TwoSides;

beforeAll(async () => {
  sides = await TwoSides.open(db.source);
});
afterAll(() => sides.close());

describe('both sides', () => {
  it('end equal, whoever changes what, and whatever becomes of events, calls and workers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 30 }),
        fc.infiniteStream(fate),
        fc.constantFrom(...CONFLICT_POLICIES),
        async (steps, fates, conflictPolicy) => {
          await sides.reset();
          for (const contact of sides.simulator.contacts.list(sides.locationId))
            sides.simulator.contacts.remove(contact);
          await sides.dropEvents();
          await sides.choices.change(ACCOUNT, 1, { conflictPolicy });
          const pairs: { id: number; ghlId: string }[] = [];
          for (let n = 0; n < PEOPLE; n += 1)
            pairs.push(await sides.linked({ email: uniqueEmail(), city: 'Oslo' }));
          await sides.settle();

          const late: InboundContactEvent[] = [];
          for (const next of steps) {
            if (next.kind === 'here') await changeHere(pairs[next.person]!.id, next.change);
            else if (next.kind === 'there') await sides.editThere(pairs[next.person]!.ghlId, next.change);
            else if (next.kind === 'push') await pushThrough(next.trouble);
            else await deliver(late, fates, next.order);
          }
          await deliver(late, fates, true);
          await sides.apply(late.reverse());
          await recover();

          expect(await sides.contacts()).toHaveLength(PEOPLE);
          expect(sides.simulator.contacts.list(sides.locationId)).toHaveLength(PEOPLE);
          for (const { id, ghlId } of pairs) expect(await here(id)).toEqual(there(ghlId));
        },
      ),
      { numRuns: RUNS },
    );
  }, 240_000);
});

type LocalChange = { name: string } | { city: string | null } | { add: string } | { remove: string };

async function changeHere(id: number, change: LocalChange): Promise<void> {
  if ('add' in change) return sides.label(id, [change.add]);
  if ('remove' in change) return sides.label(id, [], [change.remove]);
  if ('name' in change) return sides.edit(id, change);
  return sides.edit(id, ({ additionalAttributes }) => {
    const others = Object.entries(additionalAttributes ?? {}).filter(([key]) => key !== 'city');
    return {
      additionalAttributes: {
        ...Object.fromEntries(others),
        ...(change.city !== null && { city: change.city }),
      },
    };
  });
}

async function pushThrough(trouble: string | undefined): Promise<void> {
  const { faults } = sides.simulator;
  if (trouble === 'unavailable') faults.add({ kind: 'status', path: '/contacts/', status: 503, times: 1 });
  if (trouble === 'rate_limit')
    faults.add({ kind: 'rate_limit', path: '/contacts/', retryAfter: 0, times: 1 });
  if (trouble === 'lose_answer') faults.add({ kind: 'lose_answer', path: '/contacts/', times: 1 });
  if (trouble === 'worker_died')
    await db.query(
      `update ghl.outbox set state = 'processing', lease_token = gen_random_uuid(), lease_until = now() where state = 'pending'`,
    );
  await sides.push();
  faults.clear();
}

async function deliver(
  late: InboundContactEvent[],
  fates: fc.Stream<string>,
  inOrder: boolean,
): Promise<void> {
  const arriving: InboundContactEvent[] = [];
  for (const event of await sides.dropEvents()) {
    const [what] = [...fates.take(1)];
    if (what === 'late') late.push(event);
    else if (what === 'twice') arriving.push(event, event);
    else if (what !== 'lost') arriving.push(event);
  }
  await sides.apply(inOrder ? arriving : arriving.reverse());
}

/** HighLevel answers again, leases and pauses run out, and the reconciling poll has its round. */
async function recover(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await db.query(
      `update ghl.outbox set next_attempt_at = now(), lease_until = case when state = 'processing' then now() end
        where state in ('failed', 'processing')`,
    );
    await sides.reconcile();
    await sides.settle();
  }
}

interface Shown {
  readonly name: string;
  readonly city: unknown;
  readonly labels: readonly string[];
}

async function here(id: number): Promise<Shown> {
  const { name: shown, additionalAttributes } = await sides.contact(id);
  return { name: shown ?? '', city: additionalAttributes?.['city'], labels: (await sides.labels(id)).sort() };
}

function there(ghlId: string): Shown {
  const { firstName, lastName, city: town, tags } = sides.there(ghlId) ?? {};
  return {
    name: [firstName, lastName].filter(Boolean).join(' '),
    city: town ?? undefined,
    labels: [...(tags as string[])].sort(),
  };
}
