import fc from 'fast-check';
import { type InboundContactEvent } from '#libs/contact-sync';
import { useDatabase } from '../harness/database.js';
import { type HighLevelEdit, TwoSides, uniqueEmail } from './two-sides.js';

const PEOPLE = 3;
const RUNS = 60;

const text = fc.constantFrom('Ann', 'Bo', 'Cleo', 'Dara');
/** What somebody in HighLevel does next to one of a few people. */
const step = fc.record({
  person: fc.nat({ max: PEOPLE - 1 }),
  edit: fc.oneof(
    fc.record({ firstName: text }),
    fc.record({ lastName: text, city: fc.constantFrom('Oakland', 'Bergen', null) }),
    fc.record({ email: fc.constantFrom('new', null) }),
    fc.record({ tags: fc.subarray(['vip', 'lead', 'renewal']) }),
    fc.record({ dnd: fc.boolean() }),
    fc.constant('delete' as const),
  ),
});
/** How the network treats an event: who is delivered with it, when, and whether it comes twice. */
const fate = fc.record({ place: fc.double({ min: 0, max: 1, noNaN: true }), twice: fc.boolean() });

const database = useDatabase();
let sides: TwoSides;

beforeAll(async () => {
  sides = await TwoSides.open(database.source);
});
afterAll(() => sides.close());

describe('events that come twice, late and in any order', () => {
  it('leave both sides equal', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 3, maxLength: 20 }),
        fc.infiniteStream(fate),
        fc.integer({ min: 1, max: 8 }),
        async (steps, fates, batchSize) => {
          await sides.reset();
          const everybody = await live(steps);
          const arriving = shuffled(await sides.dropEvents(), fates);
          for (let start = 0; start < arriving.length; start += batchSize)
            await sides.apply(arriving.slice(start, start + batchSize));
          expect(await here()).toEqual(
            everybody
              .map((id) => sides.there(id))
              .flatMap(expected)
              .sort(byEmail),
          );
          expect(await sides.outbox()).toEqual([]);
        },
      ),
      { numRuns: RUNS },
    );
  });
});

/** Plays the steps in HighLevel; whoever was deleted comes anew with the next one. @returns all ids there ever were */
async function live(steps: readonly { person: number; edit: HighLevelEdit | 'delete' }[]): Promise<string[]> {
  const ids: string[] = [];
  const alive = new Map<number, string>();
  for (const { person, edit } of steps) {
    const id = alive.get(person);
    if (id === undefined) {
      const born = await sides.createThere({ firstName: `P${person}`, email: uniqueEmail() });
      ids.push(born);
      alive.set(person, born);
    } else if (edit === 'delete') {
      await sides.person('DELETE', id);
      alive.delete(person);
    } else {
      await sides.editThere(id, edit['email'] === 'new' ? { email: uniqueEmail() } : edit);
    }
  }
  return ids;
}

function shuffled(
  events: readonly InboundContactEvent[],
  fates: fc.Stream<{ place: number; twice: boolean }>,
): InboundContactEvent[] {
  const placed = events.flatMap((event) => {
    const [first, second] = [...fates.take(2)];
    const copies = first?.twice ? [first, second] : [first];
    return copies.map((copy) => ({ event, place: copy?.place ?? 0 }));
  });
  return placed.sort((one, other) => one.place - other.place).map(({ event }) => event);
}

interface Person {
  readonly name: string | null;
  readonly email: string | null;
  readonly city: unknown;
  readonly labels: readonly string[];
  readonly dnd: boolean;
}

/** What DeskFlow should show of HighLevel's contact. */
function expected(contact: HighLevelEdit | undefined): Person[] {
  if (!contact) return [];
  const { firstName, lastName, email, city, tags, dnd } = contact;
  return [
    {
      name: [firstName, lastName].filter(Boolean).join(' '),
      email: typeof email === 'string' ? email : null,
      city: city ?? undefined,
      labels: [...((tags as string[] | undefined) ?? [])].sort(),
      dnd: dnd === true,
    },
  ];
}

/** DeskFlow's contacts, without those that HighLevel deleted. */
async function here(): Promise<Person[]> {
  const contacts = await sides.contacts();
  const people = contacts
    .filter(({ customAttributes }) => customAttributes?.['ghl_deleted'] !== true)
    .map(async ({ id, name, email, additionalAttributes, customAttributes }) => ({
      name,
      email,
      city: additionalAttributes?.['city'],
      labels: [...(await sides.labels(id))].sort(),
      dnd: customAttributes?.['ghl_dnd'] === true,
    }));
  return (await Promise.all(people)).sort(byEmail);
}

function byEmail(one: Person, other: Person): number {
  return `${one.email ?? ''} ${one.name ?? ''}`.localeCompare(`${other.email ?? ''} ${other.name ?? ''}`);
}
