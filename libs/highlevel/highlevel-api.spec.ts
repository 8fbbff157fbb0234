import { inspect } from 'node:util';
import { type AnswerReport } from './api-calls.js';
import { HighLevelApi, type HighLevelApiOptions } from './highlevel-api.js';
import { HighLevelError } from './highlevel-error.js';
import { type RateBudget, RateBudgetExhausted } from './rate-budget.js';
import { type RateLimitReading } from './rate-limit.js';
import { ScriptedServer } from './scripted-server.fixture.js';

const TOKEN = 'the-first-access-token'; // nothing in its shape gives it away
const RENEWED = 'the-second-access-token';
const EXPIRED = {
  status: 401,
  json: { statusCode: 401, message: 'Invalid token: access token is invalid', error: 'Unauthorized' },
};
const CONTACT = { contact: { id: 'Con1', firstName: 'Mara' } };

const server = new ScriptedServer();
beforeAll(() => server.start());
afterAll(() => server.stop());

let renewals: string[];
beforeEach(() => {
  renewals = [];
});

function api(options: Partial<HighLevelApiOptions> = {}): HighLevelApi {
  return new HighLevelApi({
    baseUrl: server.baseUrl,
    locationId: 'Loc1',
    tokens: {
      current: () => Promise.resolve(TOKEN),
      renew: (rejected) => {
        renewals.push(rejected);
        return Promise.resolve(RENEWED);
      },
    },
    ...options,
  });
}

/** The error of a call that has to fail. */
async function failureOf(call: Promise<unknown>): Promise<HighLevelError> {
  const outcome: unknown = await call.then(
    (value) => `succeeded with ${JSON.stringify(value)}`,
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(HighLevelError);
  return outcome as HighLevelError;
}

describe(HighLevelApi.name, () => {
  describe('a request', () => {
    it('carries token, version and media types', async () => {
      server.replies({ status: 201, json: CONTACT });
      await api().contacts.create({ email: 'mara@example.test' });
      const [request] = server.requests;
      expect(request).toMatchObject({ method: 'POST', url: '/contacts/' });
      expect(JSON.parse(request!.body)).toEqual({ email: 'mara@example.test', locationId: 'Loc1' });
      expect(request!.headers).toMatchObject({
        authorization: `Bearer ${TOKEN}`,
        version: '2021-07-28',
        accept: 'application/json',
        'content-type': 'application/json',
      });
    });

    it('goes over a connection that is kept', async () => {
      server.replies({ json: CONTACT }, { json: CONTACT });
      await api().contacts.get('Con1');
      await api().contacts.get('Con1');
      const [first, second] = server.requests;
      expect(second!.clientPort).toBe(first!.clientPort);
    });

    it('works with a base URL that ends in a slash', async () => {
      server.replies({ json: CONTACT });
      await api({ baseUrl: `${server.baseUrl}/` }).contacts.get('Con1');
      expect(server.requests[0]!.url).toBe('/contacts/Con1');
    });

    it.each(['', '.', '..', 'a/b', 'a?b', '%2e%2e', 'x'.repeat(101)])(
      'is never sent for %p, which is no id and would name another path',
      async (id) => {
        server.replies();
        expect(await failureOf(api().contacts.remove(id))).toMatchObject({
          kind: 'invalid',
          status: undefined,
        });
        expect(server.requests).toEqual([]);
      },
    );
  });

  describe('a refused token', () => {
    it('is renewed once and the call repeated with the new one', async () => {
      server.replies(EXPIRED, { json: CONTACT });
      expect(await api().contacts.get('Con1')).toEqual({ id: 'Con1', firstName: 'Mara' });
      expect(renewals).toEqual([TOKEN]);
      expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
        `Bearer ${TOKEN}`,
        `Bearer ${RENEWED}`,
      ]);
    });

    it('that is refused again after its renewal ends the call', async () => {
      server.replies(EXPIRED, EXPIRED, { json: CONTACT });
      expect(await failureOf(api().contacts.get('Con1'))).toMatchObject({
        kind: 'token_rejected',
        transient: false,
      });
      expect(renewals).toHaveLength(1);
      expect(server.requests).toHaveLength(2);
    });

    it('about a scope is not renewed', async () => {
      const json = { statusCode: 401, message: 'The token is not authorized for this scope.' };
      server.replies({ status: 401, json });
      expect(await failureOf(api().locations.tags())).toMatchObject({
        kind: 'scope_missing',
        transient: false,
      });
      expect(renewals).toEqual([]);
      expect(server.requests).toHaveLength(1);
    });

    it('lets the error of the renewal through', async () => {
      server.replies(EXPIRED);
      const gone = new Error('reauthorization required');
      const tokens = { current: () => Promise.resolve(TOKEN), renew: () => Promise.reject(gone) };
      await expect(api({ tokens }).contacts.get('Con1')).rejects.toBe(gone);
    });
  });

  describe('a network fault', () => {
    it.each(['before answer', 'within answer'] as const)(
      'that drops the connection %s makes a write one that may have happened',
      async (drop) => {
        server.replies({ drop, json: CONTACT });
        expect(await failureOf(api().contacts.create({ email: 'm@example.test' }))).toMatchObject({
          kind: 'unavailable',
          transient: true,
          maybeExecuted: true,
        });
        expect(server.requests).toHaveLength(1); // a POST is never repeated here
      },
    );

    it('leaves a read one that certainly changed nothing', async () => {
      server.replies({ drop: 'before answer' }, { drop: 'before answer' });
      expect((await failureOf(api().contacts.get('Con1'))).maybeExecuted).toBe(false);
      expect((await failureOf(api().contacts.search({ pageLimit: 1 }))).maybeExecuted).toBe(false);
    });

    it('of an answer that does not come in time is a timeout', async () => {
      server.replies({ delayMs: 5000, json: CONTACT });
      const error = await failureOf(api({ timeoutMs: 50 }).contacts.update('Con1', { city: 'Oakland' }));
      expect(error).toMatchObject({ kind: 'unavailable', networkCode: 'timeout', maybeExecuted: true });
    });

    it('before the connection stands means that nothing was executed', async () => {
      const closed = new ScriptedServer();
      await closed.start();
      const { baseUrl } = closed;
      await closed.stop();
      const error = await failureOf(api({ baseUrl }).contacts.create({ email: 'm@example.test' }));
      expect(error).toMatchObject({ kind: 'unavailable', networkCode: 'ECONNREFUSED', maybeExecuted: false });
    });

    it('of an answer without end is cut off', async () => {
      server.replies({ text: `"${'x'.repeat(10 * 1024 * 1024)}"` });
      expect(await failureOf(api().contacts.get('Con1'))).toMatchObject({ kind: 'unavailable' });
    });
  });

  describe('an answer that cannot be used', () => {
    it.each([
      ['a page', { text: '<html><body>Welcome</body></html>' }],
      ['nothing', { status: 204 }],
      ['a contact without id', { json: { contact: { firstName: 'Mara' } } }],
      ['a list', { json: [] }],
      ['half an object', { text: '{"contact":{"id":' }],
      ['null', { text: 'null' }],
    ])('with 2xx is unexpected: %s', async (_name, reply) => {
      server.replies(reply);
      const error = await failureOf(api().contacts.create({ email: 'm@example.test' }));
      expect(error).toMatchObject({ kind: 'unexpected', transient: true, maybeExecuted: true });
    });

    it('is a redirect, which is not followed with the token', async () => {
      server.replies(
        { status: 302, headers: { location: `${server.baseUrl}/elsewhere` } },
        { json: CONTACT },
      );
      expect(await failureOf(api().contacts.get('Con1'))).toMatchObject({ kind: 'unexpected', status: 302 });
      expect(server.requests).toHaveLength(1);
    });
  });

  describe('an error', () => {
    it('says what HighLevel said, where, and under which trace', async () => {
      const message = ['email must be an email', 'phone must be a string'];
      server.replies({
        status: 422,
        json: { statusCode: 422, message, error: 'Unprocessable Entity', traceId: 'tr-1' },
      });
      const error = await failureOf(api().contacts.update('Con1', { email: 'x' }));
      expect(error).toMatchObject({
        kind: 'invalid',
        status: 422,
        method: 'PUT',
        path: '/contacts/{contactId}',
        traceId: 'tr-1',
        maybeExecuted: false,
      });
      expect(error.message).toBe(
        'PUT /contacts/{contactId} answered 422: email must be an email; phone must be a string; Unprocessable Entity',
      );
    });

    it('holds no token in any form, whatever HighLevel quotes and wherever one looks', async () => {
      server.replies(
        { status: 400, json: { message: `no such token: ${TOKEN}` } },
        { drop: 'before answer' },
        { text: TOKEN },
      );
      for (let n = 0; n < 3; n++) {
        const error = await failureOf(api().contacts.get('Con1'));
        expect(error.cause).toBeUndefined();
        const everything = [
          error.stack,
          JSON.stringify(error),
          inspect(error, { depth: 20, showHidden: true }),
        ].join();
        expect(everything).toContain('/contacts/{contactId}');
        expect(everything).not.toContain('the-first-access-token');
      }
    });

    it('becomes JSON with its facts', async () => {
      server.replies({ status: 503, text: '<html>' });
      const json = JSON.parse(JSON.stringify(await failureOf(api().users.get('Usr1')))) as unknown;
      expect(json).toMatchObject({
        name: 'HighLevelError',
        kind: 'unavailable',
        status: 503,
        transient: true,
      });
    });
  });

  describe('the rate budget', () => {
    class RecordingBudget implements Pick<RateBudget, 'acquire' | 'observe'> {
      readonly asked: [string, string][] = [];
      readonly seen: [string, RateLimitReading][] = [];
      acquire(resourceId: string, priority: string): Promise<void> {
        this.asked.push([resourceId, priority]);
        return Promise.resolve();
      }
      observe(resourceId: string, reading: RateLimitReading): void {
        this.seen.push([resourceId, reading]);
      }
    }

    it('is asked before every attempt and told of every answer', async () => {
      const budget = new RecordingBudget();
      const headers = { 'X-RateLimit-Max': '100', 'X-RateLimit-Remaining': '41' };
      server.replies(EXPIRED, { json: CONTACT, headers });
      await api({ budget, priority: 'bulk' }).contacts.get('Con1');
      expect(budget.asked).toEqual([
        ['Loc1', 'bulk'],
        ['Loc1', 'bulk'],
      ]);
      expect(budget.seen[1]).toEqual(['Loc1', expect.objectContaining({ limit: 100, remaining: 41 })]);
    });

    it('hears of a 429 and for how long to pause', async () => {
      const budget = new RecordingBudget();
      server.replies({ status: 429, headers: { 'Retry-After': '4' } });
      const error = await failureOf(api({ budget }).contacts.create({ email: 'm@example.test' }));
      expect(error).toMatchObject({
        kind: 'rate_limited',
        retryAfterMs: 4000,
        transient: true,
        maybeExecuted: false,
      });
      expect(budget.seen).toEqual([['Loc1', expect.objectContaining({ pauseMs: 4000 })]]);
    });

    it('that is used up fails the call unsent', async () => {
      const budget = new RecordingBudget();
      budget.acquire = (resourceId) => Promise.reject(new RateBudgetExhausted(resourceId, 90_000));
      server.replies();
      const error = await failureOf(api({ budget }).contacts.create({ email: 'm@example.test' }));
      expect(error).toMatchObject({ kind: 'rate_limited', retryAfterMs: 90_000, maybeExecuted: false });
      expect(server.requests).toEqual([]);
    });

    it('that fails in another way is not hidden', async () => {
      const budget = new RecordingBudget();
      const lost = new Error('store away');
      budget.acquire = () => Promise.reject(lost);
      await expect(api({ budget }).contacts.get('Con1')).rejects.toBe(lost);
    });
  });

  it('reports every exchange, with the path as documented and nothing personal', async () => {
    const reports: AnswerReport[] = [];
    server.replies(EXPIRED, { json: { ...CONTACT, traceId: 'tr-2' } }, { drop: 'before answer' });
    const client = api({ onAnswer: (report) => reports.push(report) });
    await client.contacts.get('Con1');
    await failureOf(client.contacts.get('Con1'));
    expect(reports.map(({ status, traceId }) => [status, traceId])).toEqual([
      [401, undefined],
      [200, 'tr-2'],
      [undefined, undefined],
    ]);
    expect(reports[2]).toMatchObject({
      method: 'GET',
      path: '/contacts/{contactId}',
      networkCode: 'ECONNRESET',
    });
    expect(JSON.stringify(reports)).not.toContain('Con1');
  });
});
