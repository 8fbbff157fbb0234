import { SCOPES } from '#libs/highlevel';
import { describeWithChromium } from '../harness/chromium.js';
import { useDatabase } from '../harness/database.js';
import { Console } from './console.js';

const LOCATION = 'Harbour Dental';

/** The connection page, as an administrator uses it. */
describeWithChromium('the connection page', () => {
  const database = useDatabase();
  let site: Console;

  beforeAll(async () => {
    site = await Console.start(database);
  });
  beforeEach(async () => {
    await site.open();
  });
  afterEach(async () => {
    expect(site.complaints).toEqual([]);
    await site.close();
  });
  afterAll(() => site.stop());

  it('asks who you are, and leads to where you wanted to go', async () => {
    await site.goTo('events');
    const { page } = site;
    await page.getByLabel('E-mail').fill('admin@example.com');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('The e-mail or the password is wrong.').waitFor();
    expect(await page.getByLabel('E-mail').inputValue()).toBe('admin@example.com');
    await page.getByLabel('Password').fill('Password1!');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Events' }).waitFor();
    site.complaints = site.complaints.filter((complaint) => !complaint.includes('401'));
  });

  it('says what the connection does, and what it asks for', async () => {
    await site.signIn();
    await site.page.getByRole('heading', { name: 'What it asks for, and why' }).waitFor();
    for (const scope of SCOPES) expect(await site.page.getByText(scope).count()).toBeGreaterThan(0);
  });

  it('switches between the accounts of a user', async () => {
    const { page } = site;
    await site.signIn();
    await page.getByText('Acme Inc').waitFor();
    expect(await page.getByLabel('Account').count()).toBe(0);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await database.query(
      `insert into account_users (account_id, user_id, role, created_at, updated_at)
       select a.id, u.id, 1, now(), now() from accounts a, users u
        where a.name = 'Globex' and u.email = 'admin@example.com'`,
    );
    await site.signIn();
    await page.getByLabel('Account').selectOption({ label: 'Globex' });
    await page.waitForURL(/accounts\/2\/settings/);
    await page.getByRole('button', { name: 'Connect HighLevel' }).waitFor();
    await database.query(
      `delete from account_users where account_id = 2 and user_id = (select id from users where email = 'admin@example.com')`,
    );
  });

  it('leads an agent to the contacts, and tells them that only administrators may look here', async () => {
    await site.signIn('agent@example.com');
    await site.page.getByRole('heading', { level: 1, name: 'Contacts' }).waitFor();
    expect(await site.page.getByRole('link', { name: 'Connection' }).count()).toBe(0);
    await site.goTo();
    await site.page.getByRole('alert').getByText('Only administrators of this account').waitFor();
    site.complaints = site.complaints.filter((complaint) => !complaint.includes('401'));
  });

  it('comes back with a sentence when access was denied, which a reload does not repeat', async () => {
    await site.signIn();
    await site.page.getByRole('button', { name: 'Connect HighLevel' }).click();
    await site.page.getByRole('button', { name: 'Deny' }).click();
    await site.page.waitForURL(/error=access_denied/);
    await site.page.getByRole('alert').getByText('Access was not granted in HighLevel').waitFor();
    await site.page.getByRole('button', { name: 'Dismiss' }).click();
    await site.page.reload();
    await site.page.getByRole('button', { name: 'Connect HighLevel' }).waitFor();
    expect(await site.page.getByRole('alert').count()).toBe(0);
  });

  it('says what happened to a callback whose state names no account, to anybody, and repeats nothing of the address', async () => {
    const hostile = '<img src=x onerror=alert(1)>';
    for (const [error, sentence] of [
      ['invalid_state', 'was used already'],
      [hostile, 'Start it again; if it keeps failing'],
    ] as const) {
      await site.page.goto(
        `${site.url}/app/settings/integrations/gohighlevel?error=${encodeURIComponent(error)}`,
      );
      await site.page.getByRole('alert').getByText(sentence).waitFor();
      expect(await site.page.content()).not.toContain('onerror');
    }
  });

  it('connects through the consent page, renews the token, and never shows one', async () => {
    await site.signIn();
    await site.connect();
    const { page } = site;
    await page.getByRole('heading', { name: LOCATION }).waitFor();
    expect(page.url()).not.toMatch(/error=|code=|state=/);
    await page.getByText('The token ends in').waitFor();
    await page.getByText('permissions granted').click();
    await page.getByText('contacts.write').waitFor();
    await page.getByRole('button', { name: 'Renew the token now' }).click();
    await page.getByText('The token was renewed.').waitFor();
    const [hook] = await database.query<{ refresh: string }>(
      `select settings->>'refresh_token' as refresh from integrations_hooks where app_id = 'gohighlevel'`,
    );
    const shown = await page.content();
    expect(shown).not.toContain(hook!.refresh);
    expect(shown).not.toMatch(/eyJ[\w-]{10,}\./);
  });

  it('says why a location must be authorized again, and does so with one click', async () => {
    await site.signIn();
    await site.inHighLevel('POST', `/locations/${await site.locationId()}/uninstall`, {});
    const notice = site.page.getByRole('alert').filter({ hasText: 'must be authorized again' });
    await notice.getByText('The app was removed in HighLevel').waitFor();
    await notice.getByRole('button', { name: 'Authorize again' }).click();
    await site.page.getByRole('button', { name: 'Approve' }).click();
    await site.page.waitForURL(/settings\/integrations\/gohighlevel$/);
    await site.page.getByText('Connected', { exact: true }).waitFor();
  });

  it('notices that its tokens were revoked, and goes on after a new authorization', async () => {
    await site.signIn();
    await site.inHighLevel('POST', `/locations/${await site.locationId()}/revoke`, {});
    await site.inHighLevel('PUT', '/faults', {
      faults: [{ kind: 'status', status: 401, path: '/oauth/reconnect', times: 5 }],
    });
    await site.page.getByRole('button', { name: 'Renew the token now' }).click();
    await site.page.getByRole('alert').getByText('no longer accepts the connection').first().waitFor();
    await site.page.getByRole('button', { name: 'Authorize again' }).click();
    await site.page.getByRole('button', { name: 'Approve' }).click();
    await site.page.waitForURL(/settings\/integrations\/gohighlevel$/);
    await site.page.getByText('Connected', { exact: true }).waitFor();
    await site.inHighLevel('DELETE', '/faults');
    site.complaints = site.complaints.filter((complaint) => !complaint.includes('422'));
  });

  it('asks before it disconnects, by keyboard as well, and leaves the contacts', async () => {
    await site.signIn();
    const { page } = site;
    await page.getByRole('button', { name: 'Disconnect' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: `Disconnect ${LOCATION}?` });
    await dialog.getByText('All contacts stay, on both sides.').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await page.evaluate('document.activeElement.textContent.trim()')).toBe('Disconnect');
    await page.keyboard.press('Enter');
    await dialog.getByRole('button', { name: 'Disconnect' }).click();
    await page.getByText(`${LOCATION} was disconnected.`).waitFor();
    await page.getByRole('button', { name: 'Connect HighLevel' }).waitFor();
  });

  it("lets an administrator choose among an agency's locations", async () => {
    await site.signIn();
    const { page } = site;
    await page.getByRole('button', { name: 'Connect HighLevel' }).click();
    await page.getByRole('radio', { name: /the agency/ }).check();
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.waitForURL(/agency=/);
    const dialog = page.getByRole('dialog', { name: 'Choose locations' });
    await dialog.getByLabel('Name').fill('linden');
    await dialog.getByText(LOCATION).waitFor({ state: 'hidden' });
    await dialog.getByRole('checkbox', { name: /Linden/ }).check();
    await dialog.getByRole('button', { name: 'Connect one location' }).click();
    await page.getByRole('heading', { name: 'Linden Physiotherapie' }).waitFor();
    expect(page.url()).not.toContain('agency=');
  });

  it.each(['en', 'pt-BR'])('names no vendor on a white-label page in %s', async (locale) => {
    await site.signIn();
    await site.page.getByRole('combobox').last().selectOption(locale);
    for (const name of ['', 'dashboard', 'import', 'contacts', 'events', 'conflicts', 'matches', 'mapping']) {
      await site.goTo(name, 'crm');
      await site.page.getByRole('heading', { level: 1 }).waitFor();
      await site.loaded();
      const text = await site.page.locator('body').innerText();
      // Keys of custom attributes are data of the account.
      expect(text.replaceAll(/custom_attributes\.ghl_\w+/g, '')).not.toMatch(/high ?level|ghl/i);
    }
  });
});

describeWithChromium('an installation without credentials', () => {
  const database = useDatabase();
  let site: Console;

  beforeAll(async () => {
    site = await Console.start(database, { GHL_CLIENT_SECRET: '' });
  });
  afterAll(() => site.stop());

  it('says that it is not set up, and what to set', async () => {
    const page = await site.open();
    await site.signIn();
    await page.getByText('GHL OAuth credentials not configured').waitFor();
    await page.getByText('GHL_CLIENT_SECRET').waitFor();
    expect(await site.violations()).toEqual([]);
    await site.close();
  });
});

describeWithChromium('a white-labelled installation without credentials', () => {
  const database = useDatabase();
  let site: Console;

  beforeAll(async () => {
    site = await Console.start(database, { GHL_CLIENT_SECRET: '', GHL_REDIRECT_PATH: '/crm/callback' });
  });
  afterAll(() => site.stop());

  it.each([
    ['en', 'CRM OAuth credentials not configured'],
    ['pt-BR', 'Credenciais OAuth do CRM não configuradas'],
  ])('says so in %s without the vendor’s name, at addresses without it', async (locale, sentence) => {
    const page = await site.open();
    await site.signIn();
    await page.getByRole('combobox').last().selectOption(locale);
    await page.getByText(sentence).waitFor();
    expect(page.url()).toMatch(/\/integrations\/crm$/);
    expect(await page.locator('body').innerText()).not.toMatch(/high ?level|ghl/i);
    await page.goto(`${site.url}/app/settings/integrations/gohighlevel?error=not_configured`);
    await page.getByRole('alert').waitFor();
    expect(await page.locator('body').innerText()).not.toMatch(/high ?level|ghl/i);
    await site.close();
  });
});
