import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { chromium, type Page } from 'playwright-core';
import { freePort } from '#apps/standalone/free-port.js';
import { startSystem } from '#apps/standalone/system.js';
import { EmbeddedPostgres, resetData } from '#libs/database';

/**
 * Plays with a system of its own and writes a picture of every page, in both themes, to docs/screenshots.
 * `npm run screenshots`; needs Chromium.
 */
const TARGET = join(import.meta.dirname, '..', '..', 'docs', 'screenshots');
const EXECUTABLE = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
const SIZE = { width: 1_120, height: 760 };
const SETTLE_MS = 1_500;
const IMPORT_MS = 60_000;
const PAGES = ['dashboard', 'import', 'contacts', 'events', 'conflicts', 'matches', 'mapping'];
/** The other list of the page of events. */
const PUSHES = 'events?direction=out';
/** Enough for an import that shows figures. */
const PEOPLE = 640;
const FIRST_NAMES = ['Nadia', 'Theo', 'Ines', 'Jonas', 'Amara', 'Luca', 'Mei', 'Omar', 'Clara', 'Hugo'];
const LAST_NAMES = ['Brook', 'Vale', 'Marsh', 'Hill', 'Ford', 'Lake', 'Stone', 'Field'];

type Json = Record<string, unknown>;

const dataDir = await mkdtemp(join(tmpdir(), 'deskflow-ghl-screenshots-'));
await chmod(dataDir, 0o711);
const postgres = new EmbeddedPostgres({ dataDir });
const { url: databaseUrl } = await postgres.start();
const system = await startSystem({
  PATH: process.env['PATH'],
  DATA_DIR: dataDir,
  DATABASE_URL: databaseUrl,
  PORT: String(await freePort()),
  SIMULATOR_PORT: String(await freePort()),
});
/** For what no page lets in: several with one phone number, an event that cannot be applied. */
const database = new pg.Client({ connectionString: databaseUrl });
await database.connect();
const browser = await chromium.launch({
  ...(EXECUTABLE !== undefined && { executablePath: EXECUTABLE }),
  args: ['--no-sandbox'],
});
try {
  await mkdir(TARGET, { recursive: true });
  const context = await browser.newContext({ viewport: SIZE, locale: 'en-US', timezoneId: 'UTC' });
  await play(await context.newPage());
} finally {
  await browser.close();
  await database.end();
  await system.stop();
  await postgres.stop();
  await resetData(dataDir);
}

async function play(page: Page): Promise<void> {
  const location = await firstLocation();
  await fill(location);
  await page.goto(`${system.apiUrl}/app`);
  await picture(page, 'sign-in');
  await page.getByLabel('E-mail').fill(system.admin.email);
  await page.getByLabel('Password').fill(system.admin.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Connect HighLevel' }).waitFor();
  await picture(page, 'not-connected');
  await page.getByRole('button', { name: 'Connect HighLevel' }).click();
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByText('Connected', { exact: true }).waitFor();
  await picture(page, 'connection');
  const { origin, pathname } = new URL(page.url());
  await bringOver(page);
  await correspond(location);
  await contradict(page, location);
  await confuse(page, location);
  await spoil(page, location);
  await refuse(page);
  for (const name of PAGES) {
    await page.goto(`${origin}${pathname}/${name}`);
    await picture(page, name);
  }
  await page.goto(`${origin}${pathname}/${PUSHES}`);
  await picture(page, 'pushes');
  await page.goto(system.simulatorUrl);
  await picture(page, 'simulator', () =>
    page.getByRole('button', { name: 'Message Ines Hill' }).first().click(),
  );
  await inFrame(page);
}

/** DeskFlow in HighLevel's frame, as the demo agent sees it. */
async function inFrame(page: Page): Promise<void> {
  const { users } = await inHighLevel('GET', '/users');
  const agent = (users as { id: string; name: string }[]).find(({ name }) => name === 'Alan Agent');
  await page.goto(`${system.simulatorUrl}/custom-page?user=${agent?.id ?? ''}`);
  const framed = page.frameLocator('#frame iframe').getByRole('button', { name: /theme$/ });
  await picture(page, 'in-highlevel', async (theme) => {
    await framed.waitFor();
    const shown = await page.frames().at(-1)?.evaluate<string>('document.documentElement.dataset.theme');
    if (shown !== theme) await framed.click();
  });
}

async function firstLocation(): Promise<string> {
  const { locations } = await inHighLevel('GET', '/locations');
  const [location] = locations as { id: string }[];
  if (!location) throw new Error('the simulator has no location');
  return `/locations/${location.id}/contacts`;
}

/** People who were there before the connection was made. */
async function fill(contacts: string): Promise<void> {
  for (let n = 0; n < PEOPLE; n += 1) {
    const firstName = FIRST_NAMES[n % FIRST_NAMES.length] ?? '';
    const lastName = LAST_NAMES[Math.floor(n / FIRST_NAMES.length) % LAST_NAMES.length] ?? '';
    await inHighLevel('POST', contacts, {
      firstName,
      lastName,
      email: `${firstName}.${lastName}.${n}@example.test`.toLowerCase(),
      tags: n % 3 === 0 ? ['newsletter'] : [],
    });
  }
}

/** The preview, then the import. */
async function bringOver(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Import', exact: true }).click();
  await page.getByRole('button', { name: 'Preview', exact: true }).click();
  await page.getByRole('button', { name: 'Import this now' }).click();
  await page.getByText('The import is complete').waitFor({ timeout: IMPORT_MS });
}

/** A conversation, which is delivered and ignored as long as messages are not synced. */
async function correspond(contacts: string): Promise<void> {
  const { contacts: found } = await inHighLevel('GET', `${contacts}?query=ines.hill`);
  const [person] = found as { id: string }[];
  const messages = `${contacts}/${person?.id ?? ''}/messages`;
  await inHighLevel('PUT', `${contacts}/${person?.id ?? ''}`, { phone: '+14155550187', city: 'Oakland' });
  for (const [direction, body] of [
    ['inbound', 'Hello! Can I move my appointment to Friday?'],
    ['outbound', 'Friday at 10:00 works. See you then!'],
    ['inbound', 'Perfect, thank you.'],
  ])
    await inHighLevel('POST', messages, { direction, channel: 'SMS', body });
}

/** Both sides change the same name while HighLevel does not take what is sent. */
async function contradict(page: Page, contacts: string): Promise<void> {
  const { contact } = await inHighLevel('POST', contacts, {
    firstName: 'Nadia',
    lastName: 'Somerset',
    email: 'nadia.somerset@example.test',
  });
  await page.getByRole('link', { name: 'Contacts', exact: true }).click();
  await page.getByLabel('Name, e-mail or phone').fill('nadia.somerset');
  await page.getByRole('button', { name: /^Edit Nadia Somerset/ }).waitFor();
  await inHighLevel('PUT', '/faults', {
    faults: [{ kind: 'status', status: 503, method: 'PUT', path: '/contacts', times: 100 }],
  });
  await page.getByRole('button', { name: /^Edit Nadia Somerset/ }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Nadia Sommerset');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The contact was saved.').waitFor();
  await inHighLevel('PUT', `${contacts}/${(contact as { id: string }).id}`, { lastName: 'Summerset' });
  await page.getByRole('link', { name: 'Conflicts', exact: true }).click();
  await page.getByText('Summerset', { exact: true }).waitFor();
  await inHighLevel('DELETE', '/faults');
}

/** Two in DeskFlow have the phone number of somebody who is new in HighLevel, as an import of Rails may leave them. */
async function confuse(page: Page, contacts: string): Promise<void> {
  await database.query(
    `with origin as materialized (select set_config('ghl.origin', id::text, true) from integrations_hooks)
     insert into contacts (account_id, name, email, phone_number, additional_attributes, created_at, updated_at)
     select 1, name, email, '+14155550199', '{}', now(), now()
       from origin, (values ('Ray Elder', 'ray.elder@example.test'), ('Ray Younger', 'ray.younger@example.test')) p (name, email)`,
  );
  await inHighLevel('POST', contacts, { firstName: 'Ray', lastName: 'Hollow', phone: '+14155550199' });
  await page.getByRole('link', { name: 'Matches', exact: true }).click();
  await page.getByText('Several have this phone number').waitFor();
}

/** An event that cannot be applied, whatever is tried. */
async function spoil(page: Page, contacts: string): Promise<void> {
  await database.query(
    `create function refuse() returns trigger language plpgsql as
       $$ begin if new.name like 'Poison%' then raise exception using errcode = '22000'; end if; return new; end $$`,
  );
  await database.query(
    'create trigger refuse before insert or update on contacts for each row execute function refuse()',
  );
  await inHighLevel('POST', contacts, {
    firstName: 'Poison',
    lastName: 'Ivy',
    email: 'poison.ivy@example.test',
  });
  await page.getByRole('link', { name: 'Events', exact: true }).click();
  await page.getByText('What was delivered cannot be applied.').waitFor({ timeout: IMPORT_MS });
  await database.query('drop function refuse() cascade');
}

/** A change that HighLevel does not take. */
async function refuse(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Contacts', exact: true }).click();
  await page.getByLabel('Name, e-mail or phone').fill('clara.lake.458');
  await page.getByRole('button', { name: /^Edit Clara Lake/ }).waitFor();
  await inHighLevel('PUT', '/faults', {
    faults: [{ kind: 'status', status: 422, method: 'PUT', path: '/contacts', times: 1 }],
  });
  await page.getByRole('button', { name: /^Edit Clara Lake/ }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Clara Lakeland');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('link', { name: 'Events', exact: true }).click();
  await page.getByRole('button', { name: 'To HighLevel' }).click();
  await page.getByText('HighLevel refused the values.').waitFor({ timeout: IMPORT_MS });
  await inHighLevel('DELETE', '/faults');
}

async function inHighLevel(method: string, path: string, body?: Json): Promise<Json> {
  const answer = await fetch(`${system.simulatorUrl}/_sim${path}`, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}`);
  return (await answer.json()) as Json;
}

/** @param prepare brings the page into the state that is shown, after it was loaded */
async function picture(
  page: Page,
  name: string,
  prepare: (theme: string) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await page.evaluate(`localStorage.setItem('deskflow-ghl.theme', '${theme}')`);
    await page.reload();
    await page.waitForTimeout(SETTLE_MS);
    await prepare(theme);
    await page.waitForTimeout(SETTLE_MS);
    await page.screenshot({ path: join(TARGET, `${name}-${theme}.png`) });
  }
}
