import { useDatabase } from '../harness/database.js';
import { ACCOUNT, TwoSides, uniqueEmail } from './two-sides.js';

const EDITS = 1_000;
const SEED = 20_261_124;
const CONTACTS = 40;
/** After so many edits what was told is applied, and what is due is pushed; what happens between meets each other. */
const EDITS_A_TURN = 7;

const db = useDatabase();
let sides: TwoSides;

beforeAll(async () => {
  sides = await TwoSides.open(db.source);
});
afterAll(() => sides.close());

/** The same numbers for the same seed (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

describe('a change', () => {
  it('travels each way at most once: 1,000 edits on random sides', async () => {
    await sides.reset();
    const pick = numbers(SEED);
    const pairs: { id: number; ghlId: string }[] = [];
    for (let n = 0; n < CONTACTS; n += 1)
      pairs.push(await sides.linked({ email: uniqueEmail(), tags: ['base'] }));
    await sides.settle();
    await db.query('truncate ghl.outbox');

    let editsHere = 0;
    for (let n = 0; n < EDITS; n += 1) {
      const { id, ghlId } = pairs[pick(CONTACTS)]!;
      const value = `Value ${n}`;
      switch (pick(6)) {
        case 0:
          await sides.edit(id, { name: value });
          editsHere += 1;
          break;
        case 1:
          await sides.edit(id, ({ additionalAttributes }) => ({
            additionalAttributes: { ...additionalAttributes, city: value },
          }));
          editsHere += 1;
          break;
        case 2:
          await sides.label(id, [`label-${pick(5)}`], [`label-${pick(5)}`]);
          editsHere += 1;
          break;
        case 3:
          await sides.editThere(ghlId, { lastName: value });
          break;
        case 4:
          await sides.editThere(ghlId, { city: value });
          break;
        default:
          await sides.editThere(ghlId, { tags: ['base', `tag-${pick(5)}`] });
      }
      if (n % EDITS_A_TURN === 0) {
        await sides.push();
        await sides.deliver();
      }
    }
    await sides.settle();

    const [{ pushes }] = await db.source.query<[{ pushes: number }]>(
      `select count(*) as pushes from ghl.outbox where state = 'done' and reason is null`,
    );
    expect(pushes).toBeGreaterThan(0);
    expect(pushes).toBeLessThanOrEqual(editsHere);

    sides.simulator.requests.clear();
    await sides.settle();
    expect(sides.simulator.requests.list()).toEqual([]); // silence
    for (const { id, ghlId } of pairs) await expectEqual(id, ghlId);
    expect(await sides.contacts()).toHaveLength(CONTACTS);
  });
});

async function expectEqual(id: number, ghlId: string): Promise<void> {
  const { name, additionalAttributes, accountId } = await sides.contact(id);
  const there = sides.there(ghlId) ?? {};
  const { firstName, lastName, city, tags } = there as Record<string, string> & { tags: string[] };
  expect(accountId).toBe(ACCOUNT);
  expect({ name, city: additionalAttributes?.['city'], labels: await sides.labels(id) }).toEqual({
    name: [firstName, lastName].filter(Boolean).join(' '),
    city,
    labels: [...tags].sort(),
  });
}
