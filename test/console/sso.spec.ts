import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Frame, type FrameLocator } from 'playwright-core';
import { violationsOn } from '../harness/axe.js';
import { describeWithChromium } from '../harness/chromium.js';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { Console } from './console.js';

interface User {
  readonly id: string;
  readonly email: string;
}

/** DeskFlow's pages in HighLevel's frame, which the simulator plays. */
describeWithChromium('DeskFlow in HighLevel’s frame', () => {
  const database = useDatabase();
  let site: Console;
  let users: readonly User[];
  let location: string;

  beforeAll(async () => {
    site = await Console.start(database);
    await site.open();
    await site.signIn();
    await site.connect();
    await site.close();
    location = await site.locationId();
    ({ users } = (await site.inHighLevel('GET', '/users')) as { users: User[] });
  });
  afterEach(async () => {
    expect(site.complaints).toEqual([]);
    await site.close();
  });
  afterAll(() => site.stop());

  const query = (email: string, where: string): string =>
    new URLSearchParams({ user: users.find((user) => user.email === email)!.id, location: where }).toString();

  /** As somebody in HighLevel, who opens the app's page at a location. */
  async function openFrame(email: string, where = location): Promise<FrameLocator> {
    const page = await site.open();
    await page.goto(`${site.system.simulatorUrl}/custom-page?${query(email, where)}`);
    return page.frameLocator('#frame iframe');
  }

  const frame = (): Frame => site.page.frames().find((one) => one.url().includes('/ghl/sso'))!;

  /** A sentence that a refusal shows, as its answer is an error to the browser. */
  async function says(framed: FrameLocator, sentence: string | RegExp): Promise<void> {
    await framed.getByRole('alert').getByText(sentence).waitFor();
    site.complaints = site.complaints.filter((complaint) => !/status of (401|422)/.test(complaint));
  }

  const isFocused = (heading: string): Promise<void> =>
    eventually(async () =>
      expect(await frame().evaluate("document.querySelector('h1:focus')?.innerText")).toBe(heading),
    );

  it('an agent is there without signing in, and works with contacts', async () => {
    const framed = await openFrame('agent@example.com');
    await framed.getByRole('heading', { name: 'Contacts' }).waitFor();
    await framed.getByText('Acme Inc').waitFor();
    expect(
      await framed
        .getByRole('navigation', { name: 'Pages of the integration' })
        .getByRole('link')
        .allInnerTexts(),
    ).toEqual(['Contacts']);
    await framed.getByRole('button', { name: 'New contact' }).click();
    const dialog = framed.getByRole('dialog', { name: 'New contact' });
    await dialog.getByLabel('Name').fill('Frida Framed');
    await dialog.getByLabel('E-mail').fill('frida@example.test');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await framed
      .getByRole('row', { name: /Frida Framed/ })
      .getByText('In sync')
      .waitFor();
    const [audited] = await database.query<{ email: string }>(
      `select u.email from ghl.audit_events e join users u on u.id = e.actor_user_id where e.action = 'sso.sign_on'`,
    );
    expect(audited).toEqual({ email: 'agent@example.com' });
  });

  it('keeps its token to itself: in no address and in no storage', async () => {
    const framed = await openFrame('agent@example.com');
    await framed.getByRole('heading', { name: 'Contacts' }).waitFor();
    expect(frame().url()).toBe(`${site.url}/ghl/sso`);
    expect(
      await frame().evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])'),
    ).toBe('[{},{},""]');
  });

  it('needs no storage, which a browser may refuse in a frame', async () => {
    const page = await site.open();
    await page.addInitScript(
      `Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('', 'SecurityError'); } })`,
    );
    await page.goto(`${site.system.simulatorUrl}/custom-page?${query('agent@example.com', location)}`);
    const framed = page.frameLocator('#frame iframe');
    await framed.getByRole('heading', { name: 'Contacts' }).waitFor();
    await framed.getByLabel('Language').selectOption('pt-BR');
    await framed.getByRole('heading', { name: 'Contatos' }).waitFor();
  });

  it('an administrator is an agent there, until the account lets them be more', async () => {
    let framed = await openFrame('admin@example.com');
    await framed.getByRole('heading', { name: 'Contacts' }).waitFor();
    await site.close();

    const page = await site.open();
    await site.signIn();
    await site.tab('Mapping');
    await page
      .getByLabel('Who may sign in from HighLevel')
      .selectOption('Everybody, as what they are in DeskFlow');
    await page.getByRole('button', { name: 'Save' }).first().click();
    await page.getByText('Saved.').waitFor();
    await site.close();

    framed = await openFrame('admin@example.com');
    await framed.getByRole('heading', { name: 'Connection' }).waitFor();
    await framed.getByRole('link', { name: 'Dashboard' }).click();
    await framed.getByRole('heading', { name: 'Dashboard' }).waitFor();
    await isFocused('Dashboard');
    expect(await framed.getByRole('link', { name: 'Dashboard' }).getAttribute('href')).toBe(
      `${site.url}/app/accounts/1/settings/integrations/gohighlevel/dashboard`,
    );
    // HighLevel's consent page lets nobody frame it.
    await framed.getByRole('link', { name: 'Connection' }).click();
    const opened = site.page.context().waitForEvent('page');
    await framed.getByRole('button', { name: 'Connect another location' }).click();
    await (await opened).waitForURL(/chooselocation/);
  });

  it('a session that ends is followed by another, and what was typed stays', async () => {
    const framed = await openFrame('agent@example.com');
    await framed.getByRole('button', { name: 'New contact' }).click();
    const dialog = framed.getByRole('dialog', { name: 'New contact' });
    await dialog.getByLabel('Name').fill('Typed Before');
    const before = await signOns();
    await database.query(
      `update users set encrypted_password = encrypted_password || 'x' where email = 'agent@example.com'`,
    );
    await eventually(async () => expect(await signOns()).toBe(before + 1));
    expect(await dialog.getByLabel('Name').inputValue()).toBe('Typed Before');
    await dialog.getByLabel('E-mail').fill('typed@example.test');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await framed.getByText('The contact was saved.').waitFor();
    site.complaints = site.complaints.filter((complaint) => !complaint.includes('401'));
  });

  async function signOns(): Promise<number> {
    return (await database.query(`select from ghl.audit_events where action = 'sso.sign_on'`)).length;
  }

  it('says to whom it does not open, and why; and opens once that is mended', async () => {
    let framed = await openFrame('ada.agency@example.test', '');
    await says(framed, /^Open this page inside a location/);
    await site.close();
    framed = await openFrame('uma.agent2@example.test', await secondLocation());
    await says(framed, /^This location of HighLevel is not connected to DeskFlow/);
    await site.close();

    framed = await openFrame('uma.agent1@example.test');
    await says(framed, /^Nobody in this account of DeskFlow has the e-mail address/);
    await database.query(`update users set email = $1, uid = $1 where email = 'agent@example.com'`, [
      'uma.agent1@example.test',
    ]);
    await framed.getByRole('button', { name: 'Try again' }).press('Enter');
    await framed.getByRole('heading', { name: 'Contacts' }).waitFor();
    await isFocused('Contacts');
    await database.query(`update users set email = $1, uid = $1 where email = 'uma.agent1@example.test'`, [
      'agent@example.com',
    ]);
  });

  async function secondLocation(): Promise<string> {
    const { locations } = await site.inHighLevel('GET', '/locations');
    return (locations as { id: string }[])[1]!.id;
  }

  it.each(['light', 'dark'] as const)(
    'has nothing that axe would mend, at 360 px, %s',
    async (colorScheme) => {
      const page = await site.open({ colorScheme, viewport: { width: 400, height: 800 } });
      await page.goto(`${site.system.simulatorUrl}/custom-page?${query('agent@example.com', location)}`);
      const framed = page.frameLocator('#frame iframe');
      await framed.getByRole('heading', { name: 'Contacts' }).waitFor();
      await framed.locator('.animate-pulse').first().waitFor({ state: 'hidden' });
      expect(await violationsOn(frame())).toEqual([]);
      await page.goto(
        `${site.system.simulatorUrl}/custom-page?${query('uma.agent1@example.test', location)}`,
      );
      await says(framed, /^Nobody in this account/);
      expect(await violationsOn(frame())).toEqual([]);
    },
  );

  it('outside of HighLevel says where it works', async () => {
    const page = await site.open();
    await page.goto(`${site.url}/ghl/sso`);
    await page.getByText('This page works inside it: open it from there.').waitFor();
    expect(await violationsOn(page)).toEqual([]);
    await page.goto(`${site.url}/crm/sso`);
    await page.getByText(/^The CRM does not say who you are/).waitFor();
    expect(await page.getByText(/HighLevel/).count()).toBe(0);
  });

  describe('in somebody else’s frame', () => {
    let stranger: Server;
    let address: string;

    beforeAll(async () => {
      stranger = createServer((request, response) => {
        const src = new URL(request.url ?? '/', 'http://x').searchParams.get('src') ?? '';
        response.setHeader('content-type', 'text/html').end(`<iframe src="${src}"></iframe>`);
      });
      await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
      address = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
    });
    afterAll(() => new Promise((resolve) => stranger.close(resolve)));

    it.each([
      ['is not shown', '/ghl/sso'],
      ['is not shown, as no other page is', '/app'],
    ])('%s: %s', async (_what, path) => {
      const page = await site.open();
      await page.goto(`${address}/?src=${encodeURIComponent(site.url + path)}`);
      await eventually(() => expect(site.complaints.join()).toMatch(/frame-ancestors|X-Frame-Options/i));
      site.complaints = [];
    });
  });

  it('of HighLevel, no other page is shown', async () => {
    const page = await site.open();
    await page.goto(`${site.system.simulatorUrl}/custom-page?${query('agent@example.com', location)}`);
    await page.frameLocator('#frame iframe').getByRole('heading', { name: 'Contacts' }).waitFor();
    await page.evaluate(`document.querySelector('#frame iframe').src = '${site.url}/app'`);
    await eventually(() => expect(site.complaints.join()).toMatch(/frame-ancestors 'none'/));
    site.complaints = [];
  });
});
