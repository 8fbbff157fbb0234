import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describeWithChromium } from '../harness/chromium.js';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { Console } from './console.js';
import { plant } from './plant.js';

const TABS = [
  '',
  'dashboard',
  'import',
  'contacts',
  'events',
  'events?direction=out',
  'conflicts',
  'matches',
  'mapping',
];
const MOST_INITIAL_SCRIPT_BYTES = 150 * 1024;
const API = '**/api/v1/**';
/** What Lighthouse calls good is 0.1. */
const MOST_SHIFT = 0.02;
/** Answers of a page that come one after the other, and the time between two. */
const LATE_ANSWERS = 4;
const LATE_STEP_MS = 200;

/** What holds for every page in every state: accessible, steady, small, and helpful when something is missing. */
describeWithChromium('every page', () => {
  const database = useDatabase();
  let site: Console;

  beforeAll(async () => {
    site = await Console.start(database);
  });
  afterEach(() => site.close());
  afterAll(() => site.stop());

  /** What is wrong on each page, by its name. */
  async function wrongOn(names: readonly string[]): Promise<Record<string, string[]>> {
    const wrong: Record<string, string[]> = {};
    for (const name of names) {
      await site.goTo(name);
      await site.loaded();
      const violations = await site.violations();
      if (violations.length > 0) wrong[name] = violations;
    }
    return wrong;
  }

  async function choose(theme: 'light' | 'dark'): Promise<void> {
    await site.page.evaluate(`localStorage.setItem('deskflow-ghl.theme', '${theme}')`);
  }

  it('is accessible before anything is connected, in both themes', async () => {
    await site.open();
    await site.page.goto(`${site.url}/app`);
    expect(await site.violations()).toEqual([]);
    await site.page.goto(`${site.url}/app/settings/integrations/gohighlevel?error=expired_state`);
    await site.loaded();
    expect(await site.violations()).toEqual([]);
    await site.page.goto(`${site.url}/app/no/such/page`);
    await site.loaded();
    expect(await site.violations()).toEqual([]);
    await site.signIn();
    for (const theme of ['light', 'dark'] as const) {
      await choose(theme);
      expect(await wrongOn(TABS)).toEqual({});
    }
    expect(site.complaints).toEqual([]);
  });

  it('is accessible with everything that can be on it, in both themes', async () => {
    await site.open();
    await site.signIn();
    await site.connect();
    await plant(site, database);
    for (const theme of ['light', 'dark'] as const) {
      await choose(theme);
      expect(await wrongOn(TABS)).toEqual({});
      expect(await dialogsWrong()).toEqual({});
    }
    expect(site.complaints).toEqual([]);
  }, 180_000);

  /** What is wrong while a dialog is open. */
  async function dialogsWrong(): Promise<Record<string, string[]>> {
    const { page } = site;
    const wrong: Record<string, string[]> = {};
    for (const [name, button] of [
      ['', 'Disconnect'],
      ['', 'Choose locations of an agency'],
      ['import', /^Show 2 failures/],
      ['contacts', 'New contact'],
      ['contacts', /^Edit /],
      ['events', /^Details/],
      ['events', /^Replay all that/],
    ] as const) {
      await site.goTo(name);
      await site.loaded();
      await page.getByRole('button', { name: button }).first().click();
      await page.getByRole('dialog').waitFor();
      await site.loaded();
      const violations = await site.violations();
      if (violations.length > 0) wrong[`${name} ${String(button)}`] = violations;
    }
    return wrong;
  }

  it('is accessible on the consent page as well, in both themes', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await site.open({ colorScheme });
      await site.signIn();
      await page.getByRole('button', { name: /^Connect (HighLevel|another location)$/ }).click();
      await page.getByRole('button', { name: 'Approve' }).waitFor();
      expect(await site.violations()).toEqual([]);
      if (colorScheme === 'light') await site.close();
    }
  });

  it('says what to do when a request fails, and goes on with one click', async () => {
    await site.open();
    await site.signIn();
    const { page } = site;
    for (const name of TABS) {
      await page.route(API, (route) =>
        route.fulfill({
          status: 503,
          headers: { 'retry-after': '5' },
          contentType: 'application/json',
          body: JSON.stringify({ error: 'Service unavailable', code: 'unavailable' }),
        }),
      );
      await site.goTo(name);
      await page.getByRole('alert').getByText('Try again in 5 seconds').first().waitFor();
      expect(await site.violations()).toEqual([]);
      await page.unroute(API);
      await eventually(async () => {
        const again = page.getByRole('button', { name: 'Try again' });
        // The page asks again by itself as well: the button may go away under the click.
        if ((await again.count()) > 0) await again.first().click({ timeout: 1_000 });
        expect(await page.getByText('Try again in 5 seconds').count()).toBe(0);
      });
    }
  });

  it('says that the network is gone, keeps what was there, and goes on by itself', async () => {
    await site.open();
    await site.signIn();
    const { page } = site;
    await site.goTo('contacts');
    await page.getByRole('row').nth(1).waitFor();
    await page.context().setOffline(true);
    await page.getByText('There is no network connection.').waitFor();
    await page.getByRole('alert').getByText('could not be reached').waitFor();
    expect(await page.getByRole('row').count()).toBeGreaterThan(1);
    expect(await site.violations()).toEqual([]);
    await page.context().setOffline(false);
    await page.getByRole('alert').first().waitFor({ state: 'hidden' });
  });

  it('says that a page could not be loaded, until another one is', async () => {
    await site.open();
    await site.signIn();
    const { page } = site;
    await page.route(/assets\/MappingPage/, (route) => route.abort());
    await page.getByRole('link', { name: 'Mapping' }).click();
    await page.getByRole('alert').getByText('That page could not be loaded.').waitFor();
    await page.getByRole('heading', { level: 1, name: 'Connection' }).waitFor();
    await site.tab('Contacts');
    await page.getByText('That page could not be loaded.').waitFor({ state: 'hidden' });
    site.complaints = [];
  });

  it('keeps what was typed when the network comes back', async () => {
    await site.open();
    await site.signIn();
    const { page } = site;
    await site.goTo('mapping');
    const deletions = page.getByLabel('When a contact is deleted in DeskFlow');
    await deletions.selectOption('archive');
    const attribute = page.getByLabel(/^Custom attribute for/).first();
    await attribute.fill('favourite');
    await page.context().setOffline(true);
    await page.getByText('There is no network connection.').waitFor();
    // What the page asks anew, it asks at once, this among it.
    const askedAnew = page.waitForResponse(/integrations\/ghl\/status/);
    await page.context().setOffline(false);
    await askedAnew;
    expect(await deletions.inputValue()).toBe('archive');
    expect(await attribute.inputValue()).toBe('favourite');
  });

  it('shows a placeholder as long as an answer takes', async () => {
    await site.open();
    await site.signIn();
    const { page } = site;
    let answer = (): void => undefined;
    const isSeen = new Promise<void>((resolve) => (answer = resolve));
    await page.route(API, async (route) => {
      await isSeen;
      await route.continue();
    });
    await site.goTo('events');
    await page.getByText('Loading…').first().waitFor({ state: 'attached' });
    expect(await site.violations()).toEqual([]);
    answer();
    await site.loaded();
    expect(site.complaints).toEqual([]);
  });

  it('asks anew who you are when the session has ended, and keeps what was typed', async () => {
    await site.open();
    await site.signIn();
    const { page } = site;
    await site.goTo('mapping');
    const deletions = page.getByLabel('When a contact is deleted in DeskFlow');
    await deletions.selectOption('archive');
    // The token as it will be after twelve hours. What the page asks by itself still has the old one, so that it is the
    // person who finds out.
    await page.route(API, (route) => {
      const request = route.request();
      const isByHand = request.method() !== 'GET';
      return route.continue(
        isByHand ? { headers: { ...request.headers(), authorization: 'Bearer a.b.c' } } : {},
      );
    });
    await page.getByRole('button', { name: 'Save' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Sign in again' });
    await dialog.waitFor();
    expect(await site.violations()).toEqual([]);
    await page.unroute(API);
    await dialog.getByLabel('Password').fill('Password1!');
    await dialog.getByLabel('E-mail').fill('admin@example.com');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'hidden' });
    expect(await deletions.inputValue()).toBe('archive');
    await page.getByRole('button', { name: 'Save' }).first().click();
    await page.getByText('Saved.').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Password').waitFor();
    expect(await page.evaluate(`localStorage.getItem('deskflow-ghl.session')`)).toBeNull();
  });

  it('never scrolls sideways at a width of 360 px', async () => {
    await site.open({ viewport: { width: 360, height: 740 } });
    await site.signIn();
    const wide: string[] = [];
    for (const name of TABS) {
      await site.goTo(name);
      await site.loaded();
      const width = await site.page.evaluate<number>('document.documentElement.scrollWidth');
      if (width > 360) wide.push(`${name}: ${width}`);
    }
    expect(wide).toEqual([]);
  });

  it.each([1_280, 360])(
    'moves nothing once it is shown, whichever answer comes late, at %i px',
    async (width) => {
      const page = await site.open({ viewport: { width, height: 1_600 } });
      await site.signIn();
      await page.addInitScript(`
      globalThis.shifted = 0;
      new PerformanceObserver((list) => {
        for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) globalThis.shifted += value;
      }).observe({ type: 'layout-shift', buffered: true });`);
      const machine = await page.context().newCDPSession(page);
      await machine.send('Emulation.setCPUThrottlingRate', { rate: 4 });
      const moved: Record<string, number> = {};
      for (const order of ['asked first', 'asked last']) {
        let asked = 0;
        await page.route(API, async (route) => {
          const turn = Math.min(asked++, LATE_ANSWERS - 1);
          const steps = order === 'asked first' ? turn : LATE_ANSWERS - 1 - turn;
          // The lateness itself, which the test is about: nothing is waited for here that could be asked about.
          await sleep(steps * LATE_STEP_MS);
          // The page may have been left meanwhile.
          await route.continue().catch(() => undefined);
        });
        for (const name of ['../../../../sign-in', ...TABS]) {
          asked = 0;
          await site.goTo(name);
          await site.loaded();
          await sleep(LATE_ANSWERS * LATE_STEP_MS);
          const sum = await page.evaluate<number>('shifted');
          if (sum > MOST_SHIFT) moved[`${name}, answered ${order}`] = sum;
        }
        await page.unroute(API);
      }
      expect(moved).toEqual({});
    },
    240_000,
  );

  it('can be used without a mouse, and shows where the focus is', async () => {
    await site.open();
    await site.page.goto(`${site.url}/app`);
    const { page } = site;
    await page.getByLabel('E-mail').focus();
    await page.keyboard.type('admin@example.com');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Password1!');
    await page.keyboard.press('Enter');
    await page.waitForURL(/settings\/integrations/);
    await site.loaded();
    await site.goTo();
    await site.loaded();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
    const unmarked: string[] = [];
    for (let step = 0; step < 25; step += 1) {
      const focused = await page.evaluate<string | null>(`(() => {
        const { activeElement } = document;
        if (activeElement === document.body) return null;
        const { outlineStyle, outlineWidth } = getComputedStyle(activeElement);
        return outlineStyle + ' ' + outlineWidth + ' ' + activeElement.textContent;
      })()`);
      if (focused !== null && !/^(solid|auto) [1-9]/.test(focused)) unmarked.push(focused);
      await page.keyboard.press('Tab');
    }
    expect(unmarked).toEqual([]);
    await page.getByRole('link', { name: 'Import', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Import', level: 1 }).waitFor();
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
  });

  it('loads little to begin with, and runs no script but its own', async () => {
    const page = await site.open();
    const scripts: Buffer[] = [];
    const policies: string[] = [];
    page.on('response', (response) => {
      const { 'content-type': type = '', 'content-security-policy': policy = '' } = response.headers();
      if (type.includes('javascript')) void response.body().then((body) => scripts.push(body));
      if (type.includes('html')) policies.push(policy);
    });
    await site.signIn();
    await site.loaded();
    const bytes = scripts.reduce((sum, script) => sum + gzipSync(script).length, 0);
    expect(scripts.length).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(MOST_INITIAL_SCRIPT_BYTES);
    expect(policies).toContainEqual(expect.stringContaining("script-src 'self';"));
    expect(policies.join()).not.toContain('unsafe');
    expect(site.complaints).toEqual([]);
  });

  it('is complete in Brazilian Portuguese', async () => {
    await site.open({ locale: 'pt-BR' });
    const { page } = site;
    await page.goto(`${site.url}/app`);
    await page.getByLabel('Senha').fill('Password1!');
    await page.getByLabel('E-mail').fill('admin@example.com');
    await page.getByRole('button', { name: 'Entrar' }).click();
    await page.getByRole('heading', { name: 'Conexão com o HighLevel' }).waitFor();
    expect(await page.evaluate('document.documentElement.lang')).toBe('pt-BR');
    for (const name of TABS) {
      await site.goTo(name);
      await site.loaded();
      // A key that has no text is shown as it is.
      expect(await page.locator('body').innerText()).not.toMatch(
        /\b[a-z]+\.[a-zA-Z]+\.[a-zA-Z_.]+\b(?<!\.test|\.js)/,
      );
    }
    expect(site.complaints).toEqual([]);
  });
});
