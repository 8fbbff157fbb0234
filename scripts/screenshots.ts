import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { freePort } from '#apps/standalone/free-port.js';
import { startSystem } from '#apps/standalone/system.js';
import { resetData } from '#libs/database';

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
const PAGES = ['dashboard', 'import', 'contacts', 'events', 'conflicts', 'matches', 'mapping'];

type Json = Record<string, unknown>;

const dataDir = await mkdtemp(join(tmpdir(), 'deskflow-ghl-screenshots-'));
await chmod(dataDir, 0o711);
const system = await startSystem({
  PATH: process.env['PATH'],
  DATA_DIR: dataDir,
  PORT: String(await freePort()),
  SIMULATOR_PORT: String(await freePort()),
});
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
  await system.stop();
  await resetData(dataDir);
}

async function play(page: Page): Promise<void> {
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
  const { origin } = new URL(page.url());
  const base = new URL(page.url()).pathname;
  await bringOver(page);
  await contradict(page);
  for (const name of PAGES) {
    await page.goto(`${origin}${base}/${name}`);
    await picture(page, name);
  }
  await page.goto(system.simulatorUrl);
  await picture(page, 'simulator');
}

/** The preview, then the import. */
async function bringOver(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Import', exact: true }).click();
  await page.getByRole('button', { name: 'Preview', exact: true }).click();
  await page.getByRole('button', { name: 'Import this now' }).click();
  await page.getByText('The import is complete').waitFor();
}

/** Both sides change the same name while HighLevel does not take what is sent. */
async function contradict(page: Page): Promise<void> {
  const { locations } = await inHighLevel('GET', '/locations');
  const [location] = locations as { id: string }[];
  const contactsPath = `/locations/${location?.id ?? ''}/contacts`;
  const { contact } = await inHighLevel('POST', contactsPath, {
    firstName: 'Nadia',
    lastName: 'Brook',
    email: 'nadia.brook@example.test',
  });
  await page.getByRole('link', { name: 'Contacts', exact: true }).click();
  await page.getByRole('button', { name: /^Edit Nadia Brook/ }).waitFor();
  await inHighLevel('PUT', '/faults', {
    faults: [{ kind: 'status', status: 503, method: 'PUT', path: '/contacts', times: 100 }],
  });
  await page.getByRole('button', { name: /^Edit Nadia Brook/ }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Nadia Brooke');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The contact was saved.').waitFor();
  await inHighLevel('PUT', `${contactsPath}/${(contact as { id: string }).id}`, { lastName: 'Brooks' });
  await page.waitForTimeout(SETTLE_MS);
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

async function picture(page: Page, name: string): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await page.evaluate(`localStorage.setItem('deskflow-ghl.theme', '${theme}')`);
    await page.reload();
    await page.waitForTimeout(SETTLE_MS);
    await page.screenshot({ path: join(TARGET, `${name}-${theme}.png`) });
  }
}
