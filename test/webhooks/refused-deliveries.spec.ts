import { useDatabase } from '../harness/database.js';
import { type Answer, contactEvent, forgetEverything, inboxRows, Intake } from './webhook-fixture.js';

const FORGED = (): Record<string, string> => ({ 'x-ghl-signature': 'A'.repeat(64) });
const from = (ip: string): Record<string, string> => ({ 'x-forwarded-for': ip });
const BUDGET = 60;

const database = useDatabase();
let intake: Intake;

beforeEach(async () => {
  intake = await Intake.start(database.url, { TRUST_PROXY: '1' });
});
afterEach(async () => {
  await intake.stop();
  await forgetEverything(database.source);
});

function forge(ip: string, times = 1): Promise<Answer[]> {
  const forged = (): Promise<Answer> => intake.deliver(contactEvent(), { headers: FORGED, also: from(ip) });
  return Promise.all(Array.from({ length: times }, forged));
}

const statuses = (answers: readonly Answer[]): number[] => answers.map(({ status }) => status);

describe('a source of deliveries that nobody has signed', () => {
  it('is asked to wait when too many were refused', async () => {
    expect(statuses(await forge('192.0.2.1', BUDGET))).toEqual(Array<number>(BUDGET).fill(401));
    const [answer] = await forge('192.0.2.1');
    expect(answer).toMatchObject({ status: 429, body: { error: 'Retry later', code: 'throttled' } });
    const seconds = Number(answer?.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
  });

  it('stops no delivery that is signed, not even from its own address', async () => {
    await forge('192.0.2.1', BUDGET + 5);
    const answer = await intake.deliver(contactEvent(), { also: from('192.0.2.1') });
    expect(answer.status).toBe(200);
    expect(await inboxRows(database.source)).toHaveLength(1);
  });

  it('is told from other sources, and cannot change its address within a network', async () => {
    await forge('2001:db8:1:1::1', BUDGET);
    expect(statuses(await forge('2001:db8:1:1:ffff::2'))).toEqual([429]);
    expect(statuses(await forge('2001:db8:1:2::1'))).toEqual([401]);
    expect(statuses(await forge('192.0.2.7'))).toEqual([401]);
  });

  it('does not count for the deliveries that were accepted', async () => {
    const accepted = await Promise.all(
      Array.from({ length: BUDGET + 5 }, () => intake.deliver(contactEvent(), { also: from('192.0.2.1') })),
    );
    expect(new Set(statuses(accepted))).toEqual(new Set([200]));
    expect(statuses(await forge('192.0.2.1'))).toEqual([401]);
  });
});
