import { type Page } from 'playwright-core';
import { describeWithChromium } from '../harness/chromium.js';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { Console } from './console.js';

const API = '**/api/v1/**';
/** Each state is looked at on a large and on a small screen, once in each theme. */
const LOOKS = [
  { width: 1_280, theme: 'light' },
  { width: 360, theme: 'dark' },
] as const;
const FOCUSED = 'document.activeElement.textContent.trim()';

/** States that come and go: of connections, of imports, of forms that are refused; and where the focus is after each. */
describeWithChromium('a page in each of its states', () => {
  const database = useDatabase();
  let site: Console;
  let page: Page;

  beforeAll(async () => {
    site = await Console.start(database);
    page = await site.open();
    await site.signIn();
    await site.connect();
    await site.goTo('import');
    await page.getByRole('button', { name: 'Import now' }).click();
    await page.getByText('The import is complete').waitFor();
  });
  afterAll(() => site.stop());

  /** What is wrong with the page as it is now, in each of its looks. */
  async function wrongNow(): Promise<string[]> {
    const wrong: string[] = [];
    for (const { width, theme } of LOOKS) {
      await page.setViewportSize({ width, height: 800 });
      await page.evaluate(`document.documentElement.dataset.theme = '${theme}'`);
      wrong.push(...(await site.violations()));
      const needed = await page.evaluate<number>('document.documentElement.scrollWidth');
      if (needed > width) wrong.push(`needs ${needed} of ${width} px`);
    }
    return wrong;
  }

  async function show(name: string): Promise<void> {
    await site.goTo(name);
    await site.loaded();
  }

  /** By keyboard. */
  async function press(name: string | RegExp): Promise<void> {
    await page.getByRole('button', { name }).first().focus();
    await page.keyboard.press('Enter');
  }

  describe('a connection', () => {
    afterAll(() => database.query(`update ghl.connections set state = 'connected', reason = null`));

    it.each([
      ['suspended', 'location_not_active', 'goes on by itself'],
      ['reauthorization_required', 'refresh_token_refused', 'must be authorized again'],
      ['uninstalled', 'uninstalled', 'must be authorized again'],
      ['connected', 'highlevel_unavailable', 'did not answer'],
    ])('that is %s because of %s says so', async (state, reason, sentence) => {
      await database.query(
        `update ghl.connections set state = $1, reason = $2, next_attempt_at = now() + interval '1 hour'`,
        [state, reason],
      );
      await show('');
      await page.getByRole('alert').getByText(sentence).waitFor();
      expect(await wrongNow()).toEqual([]);
      await show('dashboard');
      expect(await wrongNow()).toEqual([]);
    });
  });

  describe('an import', () => {
    afterAll(() => database.query(`delete from ghl.imports where state <> 'completed'`));

    it.each([
      ['queued', null, 'Pause'],
      ['running', 'waiting_for_highlevel', 'Pause'],
      ['paused', null, 'Go on'],
      ['cancelled', null, 'Import now'],
      ['failed', 'forbidden', 'Go on'],
    ])('that is %s with reason %s offers "%s"', async (state, reason, button) => {
      await database.query(`delete from ghl.imports where state <> 'completed'`);
      await database.query(
        `insert into ghl.imports (account_id, hook_id, location_id, selection, state, reason, total, counts, cursor, started_by,
                                  lease_until)
         select 1, id, reference_id, '{"kind":"all"}', $1, $2, 1000, '{"created": 400, "failed": 3}', null, 1,
                now() + interval '1 hour'
           from integrations_hooks`,
        [state, reason],
      );
      await show('import');
      await page.getByRole('button', { name: button }).waitFor();
      expect(await wrongNow()).toEqual([]);
    });
  });

  describe('a form that the service does not take', () => {
    beforeEach(async () => {
      await page.route(API, (route) =>
        route.request().method() === 'GET'
          ? route.continue()
          : route.fulfill({
              status: 503,
              headers: { 'retry-after': '5' },
              contentType: 'application/json',
              body: JSON.stringify({ error: 'Service unavailable', code: 'unavailable' }),
            }),
      );
    });
    afterEach(() => page.unroute(API));

    /** The sentence is there, beside everything that was typed. */
    async function isKept(fields: Readonly<Record<string, string>>): Promise<void> {
      await page.getByRole('alert').getByText('Try again in 5 seconds').first().waitFor();
      for (const [label, value] of Object.entries(fields))
        expect([label, await page.getByLabel(label).inputValue()]).toEqual([label, value]);
      expect(await wrongNow()).toEqual([]);
    }

    it('keeps what is to be imported', async () => {
      await show('import');
      await page.getByLabel('Direction').selectOption('both');
      await page.getByLabel('Which contacts').selectOption('tag');
      await press('Preview');
      await page.getByRole('alert').getByText('Enter the tag.').waitFor();
      await page.getByLabel('Tag').fill('newsletter');
      await press('Preview');
      await isKept({ Direction: 'both', 'Which contacts': 'tag', Tag: 'newsletter' });
    });

    it('keeps a contact, and its dialog open', async () => {
      await show('contacts');
      await press('New contact');
      const typed = {
        Name: 'Otto',
        'E-mail': 'otto@example.test',
        'Phone, with + and country code': '+1415',
      };
      const dialog = page.getByRole('dialog');
      for (const [label, value] of Object.entries(typed))
        await dialog.getByLabel(label, { exact: true }).fill(value);
      await page.keyboard.press('Enter');
      await dialog.getByRole('alert').getByText('Try again in 5 seconds').waitFor();
      for (const [label, value] of Object.entries(typed))
        expect(await dialog.getByLabel(label, { exact: true }).inputValue()).toBe(value);
      expect(await wrongNow()).toEqual([]);
    });

    it('keeps the rules', async () => {
      await show('mapping');
      await page.getByLabel('When both sides changed').selectOption('deskflow_wins');
      await page.getByLabel('When a contact is deleted').selectOption('delete');
      await press('Save');
      await isKept({ 'When both sides changed': 'deskflow_wins', 'When a contact is deleted': 'delete' });
    });

    it('keeps the mapping', async () => {
      await show('mapping');
      const attribute = page.getByLabel(/^Custom attribute for/).first();
      await attribute.fill('favourite');
      await page.getByLabel('Direction of City').selectOption('in');
      await page.getByRole('button', { name: 'Save' }).last().click();
      await isKept({ 'Direction of City': 'in' });
      expect(await attribute.inputValue()).toBe('favourite');
      await attribute.fill('not a key');
      await page.getByRole('alert').getByText('Only letters, digits and underscores').waitFor();
      expect(await wrongNow()).toEqual([]);
    });

    it('keeps a dialog that asks open', async () => {
      await show('');
      await press('Disconnect');
      await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click();
      await page.getByRole('dialog').getByRole('alert').getByText('Try again in 5 seconds').waitFor();
      expect(await wrongNow()).toEqual([]);
      await page.keyboard.press('Escape');
    });
  });

  describe('the focus', () => {
    beforeAll(async () => {
      await page.setViewportSize({ width: 1_280, height: 800 });
      await database.query(
        `insert into ghl.inbox (delivery_key, type, account_id, hook_id, location_id, entity_key, body, state, reason, finished_at)
         select 'dead' || n, 'ContactUpdate', 1, id, reference_id, 'contact:Nobody' || n, '{"type":"ContactUpdate"}', 'dead',
                'cannot_be_applied', now()
           from integrations_hooks, generate_series(1, 30) n`,
      );
    });

    it('goes to the next row when one vanishes', async () => {
      await show('events?state=dead');
      await press(/^Replay ContactUpdate/);
      await page.getByText('The event is applied again.').waitFor();
      await page.getByRole('row', { name: /contact:Nobody30 / }).waitFor({ state: 'hidden' });
      expect(await page.evaluate(FOCUSED)).toContain('contact:Nobody29');
    });

    it('stays at the end of a list that is loaded whole', async () => {
      await press('Load more');
      await page.getByText('That is all.').waitFor();
      expect(await page.evaluate(FOCUSED)).toBe('That is all.');
    });

    it('stays on a button that has nothing to do any more', async () => {
      await show('contacts');
      await press('Next');
      await page.getByText(/^Page 2 of 2$/).waitFor();
      await eventually(async () =>
        expect(await page.getByRole('button', { name: 'Next' }).isDisabled()).toBe(true),
      );
      expect(await page.evaluate(FOCUSED)).toBe('Next');
    });

    it('stays on the button that pauses an import and lets it go on', async () => {
      await database.query(
        `insert into ghl.imports (account_id, hook_id, location_id, selection, state, total, started_by, lease_until)
         select 1, id, reference_id, '{"kind":"all"}', 'queued', 1000, 1, now() + interval '1 hour' from integrations_hooks`,
      );
      await show('import');
      await press('Pause');
      await page.getByRole('button', { name: 'Go on' }).waitFor();
      expect(await page.evaluate(FOCUSED)).toBe('Go on');
      await press('Cancel the import');
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel the import' }).focus();
      await page.keyboard.press('Enter');
      await page.getByText(/^The import was cancelled/).waitFor();
      expect(await page.evaluate('document.activeElement !== document.body')).toBe(true);
    });

    it('goes to the heading when the last card of a page is gone', async () => {
      await show('');
      await press('Disconnect');
      await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Connect HighLevel' }).waitFor();
      expect(await page.evaluate(FOCUSED)).toBe('Connection to HighLevel');
    });
  });
});
