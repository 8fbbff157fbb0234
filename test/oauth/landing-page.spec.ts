import { createHash } from 'node:crypto';
import { CALLBACK_FAILURES } from '#libs/oauth';
import { ApiFixture, People } from '../integrations/api-fixture.js';
import { Browser } from './browser.js';
import { ConnectionFixture } from '../integrations/connection-fixture.js';
import { useDatabase } from '../harness/database.js';

const PAGE = '/app/accounts/1/settings/integrations/gohighlevel';
const NEUTRAL_PAGE = '/app/accounts/1/settings/integrations/crm';

const database = useDatabase();
let fixture: ConnectionFixture;
let api: ApiFixture;

beforeAll(async () => {
  const people = await People.seed(database.source);
  fixture = await ConnectionFixture.start(database.source);
  api = await ApiFixture.start(fixture, people);
});
afterAll(async () => {
  await api.stop();
  await fixture.stop();
});

async function pageAt(path: string): Promise<string> {
  const { status, headers, text } = await api.call('GET', path);
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
  return text;
}

const textOf = (html: string, element: string): string =>
  new RegExp(`<${element}[^>]*>([^<]*)</${element}>`).exec(html)?.[1] ?? '';

describe('the page after the callback', () => {
  it('says that an approved request was saved, as a status that screen readers announce', async () => {
    const html = await pageAt(PAGE);
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(textOf(html, 'title')).toBe('Connection');
    expect(textOf(html, 'h1')).toBe('Connection');
    expect(html.match(/<h1/g)).toHaveLength(1);
    expect(html).toContain('<main>');
    expect(html).toContain('name="viewport"');
    expect(html).toMatch(/<p role="status">If you have just approved the request in HighLevel/);
  });

  describe('for the browser that has just come back', () => {
    let cookie: string;

    beforeAll(async () => {
      const { headers } = await new Browser(api).connect({ location: fixture.locationId() });
      const set = headers.get('set-cookie') ?? '';
      expect(set).toMatch(/; Path=\/app; HttpOnly; SameSite=Lax; Max-Age=900$/);
      cookie = `other=1; ${set.split(';')[0] ?? ''}`;
    });

    const seen = async (path: string, headers = { cookie }): Promise<string> =>
      textOf((await api.call('GET', path, { headers })).text, 'p');

    it.each([
      ['connected', 'Connected to Harbour Dental.'],
      ['suspended', 'Harbour Dental is not active in HighLevel at the moment.'],
      ['reauthorization_required', 'The connection to Harbour Dental must be authorized again.'],
      ['uninstalled', 'The app was removed from Harbour Dental in HighLevel.'],
    ])('tells the state of its connection: %s', async (state, sentence) => {
      await database.query('update ghl.connections set state = $1', [state]);
      expect(await seen(PAGE)).toContain(sentence);
    });

    it('names no vendor where none is to be named, and escapes the name', async () => {
      await database.query(`update ghl.connections set state = 'uninstalled', location_name = '<b>&"'`);
      expect(await seen(NEUTRAL_PAGE)).toContain('removed from &#60;b&#62;&#38;&#34; in the CRM');
    });

    it("tells nothing of another account's, and nothing to a browser with no or a forged ticket", async () => {
      expect(await seen(PAGE.replace('/1/', '/2/'))).toMatch(/^If you have just approved/);
      expect(await seen(PAGE, { cookie: '' })).toMatch(/^If you have just approved/);
      expect(await seen(PAGE, { cookie: `${cookie.slice(0, -4)}AAAA` })).toMatch(
        /^If you have just approved/,
      );
    });

    it('says when there is none any more', async () => {
      await database.query('delete from integrations_hooks');
      expect(await seen(PAGE)).toMatch(/^No location is connected/);
    });
  });

  it.each(CALLBACK_FAILURES)('explains %s in a sentence of its own, as an alert', async (failure) => {
    const html = await pageAt(`${PAGE}?error=${failure}`);
    expect(textOf(html, 'h1')).toBe('Not connected');
    expect(html).toMatch(/<p role="alert">[A-Z].{40,}\.<\/p>/);
    expect(html).not.toContain(failure);
    expect(html).not.toContain('{crm}');
    for (const other of CALLBACK_FAILURES.filter((name) => name !== failure))
      expect(textOf(await pageAt(`${PAGE}?error=${other}`), 'p')).not.toBe(textOf(html, 'p'));
  });

  it('says that an agency has one more step to go', async () => {
    const html = await pageAt(`${PAGE}?agency=Cmp0InventedAgency01`);
    expect(textOf(html, 'h1')).toBe('One more step');
    expect(html).not.toContain('Cmp0InventedAgency01');
  });

  it.each(['<script>alert(1)</script>', '"onload="x', '__proto__', 'constructor', '', '&error=two'])(
    'repeats nothing of an address that somebody made up: error=%s',
    async (error) => {
      const html = await pageAt(`${PAGE}?error=${error.startsWith('&') ? error : encodeURIComponent(error)}`);
      expect(textOf(html, 'h1')).toBe('Not connected');
      expect(textOf(html, 'p')).toBe(
        'The connection was not made. Start it again from the integration settings.',
      );
      expect(html).not.toMatch(/<script|onload|__proto__|constructor/);
    },
  );

  it('is there without an account, for a state that names none', async () => {
    const html = await pageAt('/app/settings/integrations/gohighlevel?error=invalid_state');
    expect(textOf(html, 'h1')).toBe('Not connected');
  });

  it('does not show the vendor under the neutral name', async () => {
    const paths = [
      NEUTRAL_PAGE,
      '/app/settings/integrations/crm?error=invalid_state',
      `${NEUTRAL_PAGE}?agency=x`,
      ...CALLBACK_FAILURES.map((failure) => `${NEUTRAL_PAGE}?error=${failure}`),
    ];
    for (const path of paths) expect(await pageAt(path)).not.toMatch(/high\s?level|ghl/i);
  });

  it('tells nothing about an account, existing or not', async () => {
    expect(await pageAt(PAGE.replace('/1/', '/999/'))).toBe(await pageAt(PAGE));
  });

  it('may load, run, send and be framed by nothing; its one style sheet is allowed by its digest', async () => {
    const { headers, text } = await api.call('GET', PAGE);
    const policy = headers.get('content-security-policy') ?? '';
    const style = /<style>([^]*?)<\/style>/.exec(text)?.[1] ?? '';
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
    expect(text).not.toMatch(/<(?:script|link|img|iframe|form)|style=|\son\w+=/);
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });
});
