import { useDatabase } from '../harness/database.js';
import { ApiFixture, OTHER_ACCOUNT, People } from '../integrations/api-fixture.js';
import { ConnectionFixture } from '../integrations/connection-fixture.js';
import { Browser } from './browser.js';

const PAGE = '/app/accounts/1/settings/integrations/gohighlevel';
const NEUTRAL_PAGE = '/app/accounts/1/settings/integrations/crm';

const database = useDatabase();
let fixture: ConnectionFixture;
let api: ApiFixture;
let companyId: string;
let ids: readonly string[];
let cookie: string;

beforeAll(async () => {
  const people = await People.seed(database.source);
  fixture = await ConnectionFixture.start(database.source);
  api = await ApiFixture.start(fixture, people, { GHL_EXTRA_SCOPES: 'oauth.readonly oauth.write' });
  ids = fixture.simulator.locations.map(({ id }) => id);
  companyId = fixture.simulator.locations[0]!.companyId;
});
beforeEach(async () => {
  cookie = await authorize(new Browser(api));
});
afterEach(() => fixture.reset());
afterAll(async () => {
  await api.stop();
  await fixture.stop();
});

async function authorize(browser: Browser): Promise<string> {
  const { headers } = await browser.connect({ agency: true, approved: ids });
  return (headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

const open = (query = `?agency=${companyId}`, headers: Record<string, string> = { cookie }, path = PAGE) =>
  fetch(`${api.url}${path}${query}`, { headers, redirect: 'manual' });

const submit = (fields: Record<string, string>, headers: Record<string, string> = { cookie }) =>
  fetch(`${api.url}${PAGE}?agency=${companyId}`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(fields),
  });

const tokenIn = (html: string): string => /name="form_token" value="([^"]+)"/.exec(html)?.[1] ?? '';
const noticeIn = (html: string): string => /<div role="(?:status|alert)">.*?<\/div>/s.exec(html)?.[0] ?? '';
const formToken = async (): Promise<string> => tokenIn(await (await open()).text());

async function connected(): Promise<string[]> {
  const rows = await database.query<{ id: string }>(
    `select reference_id as id from integrations_hooks where account_id = 1 and status = 1 order by id`,
  );
  return rows.map(({ id }) => id);
}

describe('the page after the callback of an agency', () => {
  it('lists its locations, and offers those that can be connected', async () => {
    await new Browser(api, 'stranger', OTHER_ACCOUNT).connect({ location: ids[1]! });
    const answer = await open();
    expect(answer.status).toBe(200);
    const html = await answer.text();
    expect(html).toContain('<h1>Choose locations</h1>');
    expect(html).toContain(`name="location.${ids[0]}"`);
    expect(html).not.toContain(`name="location.${ids[1]}"`);
    expect(html).toContain('connected to another account');
    expect(await connected()).toEqual([]);
  });

  it('connects what was ticked, and says so', async () => {
    const answer = await submit({ form_token: await formToken(), [`location.${ids[0]}`]: '1' });
    expect(answer.status).toBe(200);
    const html = await answer.text();
    expect(noticeIn(html)).toContain('<div role="status"><p>1 location connected.');
    expect(html).not.toContain(`name="location.${ids[0]}"`);
    expect(await connected()).toEqual([ids[0]]);
    expect(
      await database.query(
        `select u.email from ghl.audit_events e join users u on u.id = e.actor_user_id
          where e.action = 'connection.connect' and e.location_id = $1`,
        [ids[0]],
      ),
    ).toEqual([{ email: 'admin@example.com' }]);
  });

  it('says for each location why it was not connected, and connects the others', async () => {
    const token = await formToken();
    await new Browser(api, 'stranger', OTHER_ACCOUNT).connect({ location: ids[1]! });
    const html = await (
      await submit({ form_token: token, [`location.${ids[0]}`]: '1', [`location.${ids[1]}`]: '1' })
    ).text();
    expect(noticeIn(html)).toContain('<div role="alert"><p>1 location connected.');
    expect(noticeIn(html)).toContain(
      `The location ${ids[1]} was not connected. An administrator of another account has to disconnect it first.`,
    );
    expect(await connected()).toEqual([ids[0]]);
  });

  it('asks to choose where nothing was ticked', async () => {
    expect(noticeIn(await (await submit({ form_token: await formToken() })).text())).toContain(
      'Choose at least one location.',
    );
  });

  it('is searched by name', async () => {
    const { name } = fixture.simulator.locations[0]!;
    const html = await (await open(`?agency=${companyId}&q=${encodeURIComponent(name.slice(0, 6))}`)).text();
    expect(html).toContain(name);
    expect(await (await open(`?agency=${companyId}&q=%3Cnobody%3E`)).text()).toMatch(
      /value="&#60;nobody&#62;"[^]*No location has this in its name/,
    );
  });

  it('says in a sentence what is wrong where the locations cannot be read', async () => {
    await database.query(`update ghl.agencies set state = 'reauthorization_required', reason = 'x'`);
    expect(noticeIn(await (await open()).text())).toContain('The agency must authorize the app again.');
  });

  it('says so, and what was connected, where HighLevel does not answer', async () => {
    const token = await formToken();
    fixture.simulator.faults.add({
      kind: 'status',
      status: 500,
      path: '/oauth/installedLocations',
      times: 9,
    });
    try {
      expect(noticeIn(await (await open()).text())).toContain('HighLevel does not answer at the moment.');
      const html = await (await submit({ form_token: token, [`location.${ids[0]}`]: '1' })).text();
      expect(noticeIn(html)).toContain('<p>1 location connected.</p>');
    } finally {
      fixture.simulator.faults.clear();
    }
  });

  it('names no vendor under the neutral name', async () => {
    const html = await (await open(undefined, undefined, NEUTRAL_PAGE)).text();
    expect(html).toContain('<h1>Choose locations</h1>');
    expect(html).not.toMatch(/high\s?level|ghl/i);
  });

  it('may be framed by nobody, loads nothing, and sends its forms here only', async () => {
    const { headers } = await open();
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'$/,
    );
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });
});

describe('nobody else chooses', () => {
  it('a browser without the ticket sees no location and connects none', async () => {
    const token = await formToken();
    expect(await (await open(undefined, {})).text()).not.toContain(ids[0]);
    expect((await submit({ form_token: token, [`location.${ids[0]}`]: '1' }, {})).status).toBe(404);
    expect(await connected()).toEqual([]);
  });

  it('a form that another site made up connects nothing', async () => {
    for (const forged of ['', 'x', (await formToken()).slice(1)])
      expect(
        noticeIn(await (await submit({ form_token: forged, [`location.${ids[0]}`]: '1' })).text()),
      ).toContain('was not sent from this page');
    expect(await connected()).toEqual([]);
  });

  it('a user who is no administrator any more', async () => {
    const token = await formToken();
    const changeRole = (role: number): Promise<unknown> =>
      database.query(
        `update account_users m set role = $1 from users u where u.id = m.user_id and u.email = 'admin@example.com'`,
        [role],
      );
    await changeRole(0);
    try {
      expect((await submit({ form_token: token, [`location.${ids[0]}`]: '1' })).status).toBe(404);
      expect(await (await open()).text()).not.toContain(ids[0]);
    } finally {
      await changeRole(1);
    }
  });

  it("a ticket of one account at another account's page", async () => {
    const html = await (await open(undefined, { cookie }, PAGE.replace('/1/', `/${OTHER_ACCOUNT}/`))).text();
    expect(html).not.toContain(ids[0]);
  });
});
