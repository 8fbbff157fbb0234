import { sayFailure } from '#libs/queue';
import { useDatabase } from '../harness/database.js';
import { connectedHook, contactEvent, forgetEverything, Intake, Worker } from './webhook-fixture.js';

const ATTEMPTS = 24;
const LONGEST_WAIT_MS = 3_600_000;

interface Entry {
  readonly at: string;
  readonly attempt: number;
  readonly outcome: string;
  readonly error: string;
}

interface Row {
  readonly state: string;
  readonly reason: string | null;
  readonly attempts: number;
  readonly waits: number;
  readonly last_error: string | null;
  readonly attempt_log: Entry[] | null;
}

const database = useDatabase();
let intake: Intake;
let worker: Worker;
let hookId: number;

beforeAll(async () => {
  intake = await Intake.start(database.url);
  worker = await Worker.start(database.url);
});
beforeEach(async () => {
  hookId = await connectedHook(database.source);
});
afterEach(async () => {
  await database.query('drop function if exists refuse_contact cascade');
  await forgetEverything(database.source);
});
afterAll(async () => {
  await worker.stop();
  await intake.stop();
});

/** PostgreSQL refuses contacts with this code, and says this. */
async function refuse(code: string, message = 'refused'): Promise<void> {
  await database.query(
    `create or replace function refuse_contact() returns trigger language plpgsql as $$
     begin raise exception using errcode = '${code}', message = '${message.replaceAll("'", "''")}'; end $$`,
  );
  await database.query(
    `create or replace trigger refuse_contact before insert or update on contacts
       for each row execute function refuse_contact()`,
  );
}

/** Its failures as they are said in English. */
async function row(): Promise<Row> {
  const [only] = await database.query<Row>(
    `select state, reason, attempts, last_error, attempt_log,
            (extract(epoch from next_attempt_at - now()) * 1000)::float8 as waits from ghl.inbox`,
  );
  const said = (stored: string): string => sayFailure('en', stored);
  const { last_error, attempt_log, ...rest } = only!;
  return {
    ...rest,
    last_error: last_error && said(last_error),
    attempt_log: attempt_log && attempt_log.map((entry) => ({ ...entry, error: said(entry.error) })),
  };
}

async function attempt(): Promise<Row> {
  await worker.work(hookId);
  const after = await row();
  await database.query('update ghl.inbox set next_attempt_at = now()');
  return after;
}

describe('an event that fails for a reason that may pass', () => {
  it('is tried 24 times, each after a longer wait with some chance in it, and then is dead', async () => {
    await refuse('40001');
    await intake.deliver(contactEvent());
    const chances: number[] = [];
    for (let n = 1; n < ATTEMPTS; n += 1) {
      const { state, attempts, waits } = await attempt();
      expect([state, attempts]).toEqual(['failed', n]);
      const longest = Math.min(1_000 * 2 ** (n - 1), LONGEST_WAIT_MS);
      expect(waits).toBeLessThanOrEqual(longest);
      expect(waits).toBeGreaterThan(longest / 2 - 1_000); // read a moment after it was set
      if (n > 5) chances.push(waits / longest);
    }
    expect(Math.max(...chances) - Math.min(...chances)).toBeGreaterThan(0.05);
    const last = await attempt();
    expect(last).toMatchObject({ state: 'dead', reason: 'too_many_attempts', attempts: ATTEMPTS });
    expect(last.attempt_log?.map(({ attempt, outcome }) => `${attempt} ${outcome}`)).toEqual(
      Array.from({ length: ATTEMPTS }, (_, n) => `${n + 1} ${n + 1 === ATTEMPTS ? 'dead' : 'failed'}`),
    );
    expect(await attempt()).toMatchObject({ state: 'dead', attempts: ATTEMPTS });
  });

  it('is applied once the reason has passed, and its failures are remembered', async () => {
    await refuse('53300', 'too many clients');
    await intake.deliver(contactEvent());
    await attempt();
    await refuse('57P01', 'terminating connection');
    await attempt();
    await database.query('drop function refuse_contact cascade');
    expect(await attempt()).toMatchObject({
      state: 'done',
      attempts: 3,
      attempt_log: [
        { attempt: 1, outcome: 'failed', error: 'PostgreSQL: too many clients (53300)' },
        { attempt: 2, outcome: 'failed', error: 'PostgreSQL: terminating connection (57P01)' },
      ],
    });
    expect(await database.query('select name from contacts')).toEqual([{ name: 'Mara Quill' }]);
  });

  it('keeps the latest 40 failures, however often it is brought back', async () => {
    await refuse('40001');
    await intake.deliver(contactEvent());
    for (let n = 1; n <= 43; n += 1) {
      await database.query(`update ghl.inbox set state = 'pending', attempts = ${n % 20}`);
      await attempt();
    }
    const log = (await row()).attempt_log ?? [];
    expect(log).toHaveLength(40);
    expect(log.map(({ at }) => at)).toEqual(log.map(({ at }) => at).toSorted());
    expect(log.at(-1)).toMatchObject({ attempt: (43 % 20) + 1 });
    expect(log[0]).toMatchObject({ attempt: 5 });
  });
});

describe('an event that can never be applied', () => {
  it.each(['22001', '22P02', '54000'])('is dead at its first attempt (%s)', async (code) => {
    await refuse(code);
    await intake.deliver(contactEvent());
    expect(await attempt()).toMatchObject({
      state: 'dead',
      reason: 'cannot_be_applied',
      attempts: 1,
      attempt_log: [{ attempt: 1, outcome: 'dead' }],
    });
  });
});

describe('what is kept of a failure', () => {
  it.each([
    ['22P02', 'invalid input syntax for type json: "mara@example.test"'],
    ['22001', "value 'mara@example.test' is too long"],
    ['40001', 'Bearer abc.def.ghi12345 and refresh_token=rt-secret-1 of mara@example.test, +14155550142'],
    ['P0001', 'mara@example.test may not be changed'],
  ])('names no secret and nothing of the contact (%s)', async (code, message) => {
    await refuse(code, message);
    await intake.deliver(contactEvent());
    await attempt();
    const [kept] = await database.query<{ kept: string }>(
      'select concat(last_error, attempt_log) as kept from ghl.inbox',
    );
    expect(kept?.kept).toContain(code);
    expect(kept?.kept).not.toMatch(/mara@|abc\.def|rt-secret|4155550142/);
  });

  it('says that a worker died, where no error was left', async () => {
    await intake.deliver(contactEvent());
    await database.query(
      `update ghl.inbox set state = 'processing', attempts = 1, lease_token = gen_random_uuid(),
                            lease_until = now() - interval '1 second'`,
    );
    expect(await attempt()).toMatchObject({
      state: 'done',
      attempts: 2,
      attempt_log: [{ attempt: 1, outcome: 'lease_expired', error: expect.stringContaining('worker died') }],
    });
  });
});
