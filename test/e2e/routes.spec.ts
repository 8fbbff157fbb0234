import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type OpenApi, type Route, routesOf } from '../harness/open-api.js';
import { SystemProcess } from '../harness/system-process.js';
import { signIn, type SignedIn } from '../harness/sign-in.js';
import { eventually } from '../harness/eventually.js';

const DOCUMENT = join(import.meta.dirname, '../../docs/openapi.json');
const UNKNOWN_ID = 999_999_999;

/** Every route there is, found by walking the OpenAPI document. */
describe('every route', () => {
  let system: SystemProcess;
  let document: OpenApi;
  let routes: Route[];
  let admin: SignedIn;
  let agent: SignedIn;
  let stranger: SignedIn;

  beforeAll(async () => {
    system = await SystemProcess.prepare();
    await system.start();
    document = (await (await fetch(`${system.apiUrl}/docs-json`)).json()) as OpenApi;
    routes = routesOf(document);
    [admin, agent, stranger] = [
      await signIn(system.apiUrl, 'admin@example.com'),
      await signIn(system.apiUrl, 'agent@example.com'),
      await signIn(system.apiUrl, 'admin@globex.example.com'),
    ];
  });

  afterAll(() => system.dispose());

  it('is in the document that is checked in (npm run openapi writes it anew)', async () => {
    const printed = `${JSON.stringify(document, null, 2)}\n`;
    if (process.env['UPDATE_OPENAPI']) await writeFile(DOCUMENT, printed);
    expect(printed).toEqual(await readFile(DOCUMENT, 'utf8'));
  });

  it('has an operation id of its own, and says what it answers', () => {
    const ids = routes.map(({ operation }) => operation.operationId);
    expect(ids).not.toContain(undefined);
    expect(new Set(ids).size).toBe(routes.length);
    const silent = routes.filter(({ operation }) => Object.keys(operation.responses).length === 0);
    expect(silent.map(({ name }) => name)).toEqual([]);
  });

  it('refuses a caller without credentials', async () => {
    await forEach(guarded(), async (route) => {
      await expectError(await call(route, admin.account_id, {}), 401, 'unauthenticated', route);
    });
  });

  it('refuses a wrong token', async () => {
    await forEach(guarded(), async (route) => {
      const answer = await call(route, admin.account_id, { api_access_token: 'wrong' });
      await expectError(answer, 401, 'invalid_access_token', route);
    });
  });

  it('refuses an agent where the document asks for an administrator', async () => {
    const forAdministrators = guarded().filter((route) => route.codes(401).includes('not_authorized'));
    expect(forAdministrators.length).toBeGreaterThan(4);
    await forEach(forAdministrators, async (route) => {
      await expectError(await call(route, agent.account_id, tokenOf(agent)), 401, 'not_authorized', route);
    });
  });

  it('refuses a user who is no member of the account', async () => {
    await forEach(
      guarded().filter((route) => route.isOfAccount),
      async (route) => {
        await expectError(await call(route, admin.account_id, tokenOf(stranger)), 401, 'not_a_member', route);
      },
    );
  });

  it.each([
    ['no signature', {}],
    ['a signature of nobody', { 'x-ghl-signature': 'ab'.repeat(32) }],
    ['a garbled signature', { 'x-ghl-signature': '=' }],
  ])('refuses %s where bytes are signed', async (_, headers) => {
    const signed = routes.filter((route) => route.takesSignedBytes);
    await forEach(signed, async (route) => {
      const answer = await call(route, admin.account_id, headers, {
        contentType: 'application/json',
        body: '{}',
      });
      await expectError(answer, 401, 'signature_rejected', route);
    });
  });

  it.each([UNKNOWN_ID, 'abc', '99999999999999999999', '-1', '1%00'])(
    'knows no account %s',
    async (accountId) => {
      await forEach(
        guarded().filter((route) => route.isOfAccount),
        async (route) => {
          await expectError(await call(route, accountId, tokenOf(admin)), 404, 'not_found', route);
        },
      );
    },
  );

  it('answers 404 for a record it does not know', async () => {
    const ofRecords = guarded().filter((route) => route.isOfAccount && route.namesRecord);
    expect(ofRecords.length).toBeGreaterThan(2);
    await forEach(ofRecords, async (route) => {
      const body = bodyFor(route, JSON.stringify(route.exampleBody));
      const answer = await call(route, admin.account_id, tokenOf(admin), body);
      await expectError(answer, 404, 'not_found', route);
    });
  });

  it('answers 400 to a malformed body', async () => {
    await forEach(withJson(), async (route) => {
      const answer = await call(route, admin.account_id, tokenOf(admin), bodyFor(route, '{"a":'));
      await expectError(answer, 400, 'malformed_json', route);
    });
  });

  it('answers 415 to a content type it does not read', async () => {
    await forEach(withJson(), async (route) => {
      const answer = await call(route, admin.account_id, tokenOf(admin), {
        contentType: 'text/csv',
        body: 'a,b',
      });
      await expectError(answer, 415, 'unsupported_media_type', route);
    });
  });

  it('answers 413 to an oversized body', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(1_100_000) });
    await forEach(withJson(), async (route) => {
      // The answer comes before the body has gone, and may close the connection under it.
      const answer = await eventually(() =>
        call(route, admin.account_id, tokenOf(admin), { contentType: 'application/json', body }),
      );
      await expectError(answer, 413, 'payload_too_large', route);
    });
  });

  it.each(['[]', '"text"', '17', 'null', '{"name":{"a":1},"email":[],"url":7,"value":{}}'])(
    'never fails on the body %s',
    async (body) => {
      await forEach(withJson(), async (route) => {
        const answer = await call(route, admin.account_id, tokenOf(admin), bodyFor(route, body));
        expect([answer.status < 500, route.name]).toEqual([true, route.name]);
        if (answer.status >= 400) await expectErrorBody(answer, route);
      });
    },
  );

  it.each([
    '/nowhere',
    '/api/v1/accounts/1/nowhere',
    '/api/v1/accounts/1/integrations/ghl/nowhere',
    '/webhooks/nowhere',
  ])('is not %s', async (path) => {
    const answer = await fetch(system.apiUrl + path, { headers: tokenOf(admin) });
    expect([answer.status, await answer.json()]).toEqual([
      404,
      { error: 'Resource could not be found', code: 'not_found' },
    ]);
  });

  function guarded(): Route[] {
    return routes.filter((route) => route.needsCredentials);
  }

  function withJson(): Route[] {
    return routes.filter(
      (route) =>
        route.takesJson &&
        route.codes(401).length + route.codes(400).length > 0 &&
        !route.path.startsWith('/super_admin'),
    );
  }

  async function call(
    route: Route,
    accountId: number | string,
    headers: Record<string, string>,
    sent?: { contentType: string; body: string },
  ): Promise<Response> {
    return fetch(system.apiUrl + route.url(accountId), {
      method: route.method.toUpperCase(),
      headers: { ...headers, ...(sent && { 'content-type': sent.contentType }) },
      body: sent?.body,
      redirect: 'manual',
    });
  }
});

function tokenOf(user: SignedIn): Record<string, string> {
  return { api_access_token: user.access_token };
}

function bodyFor(route: Route, body: string): { contentType: string; body: string } | undefined {
  return route.takesJson ? { contentType: 'application/json', body } : undefined;
}

async function forEach(routes: readonly Route[], check: (route: Route) => Promise<void>): Promise<void> {
  expect(routes.length).toBeGreaterThan(0);
  for (const route of routes) await check(route);
}

async function expectError(answer: Response, status: number, code: string, route: Route): Promise<void> {
  const body = await expectErrorBody(answer, route);
  expect([route.name, answer.status, body.code]).toEqual([route.name, status, code]);
}

/** The shape every refusal has, and nothing of the inside. */
async function expectErrorBody(answer: Response, route: Route): Promise<{ error: string; code: string }> {
  const text = await answer.text();
  expect([route.name, text]).toEqual([
    route.name,
    expect.not.stringMatching(/\n\s+at |node_modules|\.js:\d/),
  ]);
  const body = JSON.parse(text) as { error: string; code: string };
  expect([route.name, body]).toEqual([
    route.name,
    expect.objectContaining({ error: expect.stringMatching(/./), code: expect.stringMatching(/^[a-z_]+$/) }),
  ]);
  return body;
}
