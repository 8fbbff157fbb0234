import { createHmac, randomUUID } from 'node:crypto';
import { connect } from '../harness/connect.js';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { signIn } from '../harness/sign-in.js';
import { SystemProcess } from '../harness/system-process.js';

const WEBHOOK_SECRET = 'secret-of-this-test';
const EVENTS = 150;

/** Deliver, receive the 200, die at once: what was acknowledged is there after the restart, and is there once. */
describe('a process killed with SIGKILL', () => {
  const database = useDatabase();
  let system: SystemProcess;
  let locationId: string;

  beforeAll(async () => {
    system = await SystemProcess.prepare({ DATABASE_URL: database.url, GHL_WEBHOOK_SECRET: WEBHOOK_SECRET });
    await system.start();
    ({ locationId } = await connect(system.apiUrl, await signIn(system.apiUrl)));
  });

  afterAll(() => system.dispose());

  it('loses no event that got a 200, and applies each once', async () => {
    const events = Array.from({ length: EVENTS }, (_, number) => contactCreated(number));
    let acknowledged: string[] = [];
    const deliveries = events.map(async (event) => {
      const answer = await deliver(event).catch(() => undefined);
      if (answer?.status === 200) acknowledged = [...acknowledged, event.email];
      if (acknowledged.length === Math.floor(EVENTS / 2)) await system.kill('SIGKILL');
    });
    await Promise.all(deliveries);
    expect(acknowledged.length).toBeGreaterThanOrEqual(Math.floor(EVENTS / 2));

    await system.start();
    await eventually(async () => expect(await unfinished()).toBe(0));
    const kept = await database.query<{ email: string; copies: number }>(
      `select email, count(*)::int as copies from contacts where email like 'killed.%' group by email`,
    );
    const copies = new Map(kept.map((row) => [row.email, row.copies]));
    expect(acknowledged.filter((email) => copies.get(email) !== 1)).toEqual([]);
  });

  it('applies an event it was working on once, when HighLevel delivers it again', async () => {
    const event = contactCreated(EVENTS + 1);
    await deliver(event);
    await system.kill('SIGKILL');
    await system.start();
    expect((await deliver(event)).status).toBe(200);
    await eventually(async () => expect(await unfinished()).toBe(0));
    expect(
      await database.query('select id from ghl.inbox where delivery_key like $1', [`%${event.webhookId}%`]),
    ).toHaveLength(1);
    expect(await database.query('select id from contacts where email = $1', [event.email])).toHaveLength(1);
  });

  function contactCreated(number: number): { webhookId: string; email: string } {
    return {
      ...{
        type: 'ContactCreate',
        locationId,
        id: `Killed${String(number).padStart(14, '0')}`,
        firstName: 'Killed',
      },
      ...{ lastName: String(number), timestamp: new Date().toISOString() },
      email: `killed.${number}@example.test`,
      webhookId: randomUUID(),
    };
  }

  async function deliver(event: object): Promise<Response> {
    const body = JSON.stringify(event);
    const signature = createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex');
    return fetch(`${system.apiUrl}/webhooks/ghl`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-ghl-signature': signature },
      body,
    });
  }

  async function unfinished(): Promise<number> {
    const [row] = await database.query<{ count: number }>(
      `select (select count(*) from ghl.intake_journal)::int
            + (select count(*) from ghl.inbox where state in ('pending', 'processing', 'failed'))::int as count`,
    );
    return row?.count ?? -1;
  }
});
