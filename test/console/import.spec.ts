import { readFile } from 'node:fs/promises';
import { describeWithChromium } from '../harness/chromium.js';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { Console } from './console.js';

const CONTACTS = 1_000;
/** HighLevel answers one page and no other, until it is allowed to. */
const STUCK = {
  kind: 'delay',
  delayMs: 120_000,
  method: 'POST',
  path: '/contacts/search',
  skip: 1,
  times: 1_000,
};

/** An import, from the preview to the last contact. */
describeWithChromium('the import page', () => {
  const database = useDatabase();
  let site: Console;

  beforeAll(async () => {
    site = await Console.start(database);
    await fill();
    await site.open();
    await site.signIn();
    await site.connect();
  });
  afterEach(() => expect(site.complaints).toEqual([]));
  afterAll(() => site.stop());

  /** So many contacts in HighLevel, of which nobody is told. */
  async function fill(): Promise<void> {
    const location = await site.locationId();
    const { total } = (await site.inHighLevel('GET', `/locations/${location}/contacts`)) as { total: number };
    const create = (n: number): Promise<unknown> =>
      site.inHighLevel('POST', `/locations/${location}/contacts`, {
        firstName: 'Person',
        lastName: `N${n}`,
        email: `person.${n}@example.test`,
      });
    for (let n = total; n < CONTACTS; n += 25)
      await Promise.all(Array.from({ length: Math.min(25, CONTACTS - n) }, (_, i) => create(n + i)));
  }

  const count = async (name: string): Promise<number> =>
    Number((await site.page.locator(`[data-count="${name}"]`).innerText()).replaceAll(',', ''));
  const done = async (): Promise<number> =>
    Number((await site.page.getByTestId('done').innerText()).split(' ')[0]?.replaceAll(',', ''));
  const stored = async (): Promise<number> =>
    (await database.query<{ n: number }>('select count(*)::int as n from contacts'))[0]!.n;
  const until = (state: string): Promise<void> =>
    site.page.getByLabel('Import', { exact: true }).getByText(state, { exact: true }).waitFor();

  it('complains about what is missing before anything starts', async () => {
    await site.tab('Import');
    const { page } = site;
    await page.getByLabel('Which contacts').selectOption('tag');
    await page.getByRole('button', { name: 'Preview', exact: true }).click();
    await page.getByText('Enter the tag.').waitFor();
    expect(await page.getByLabel('Tag').getAttribute('aria-invalid')).toBe('true');
    await page.getByLabel('Which contacts').selectOption('all');
  });

  it('shows what would happen, and writes nothing', async () => {
    await site.page.getByRole('button', { name: 'Preview', exact: true }).click();
    await until('Completed');
    expect(await count('created')).toBe(CONTACTS);
    expect(await stored()).toBe(0);
    await site.page.getByText('The preview is complete: 1,000 contacts looked at.').waitFor();
    await site.page.getByText('Nothing was written.').waitFor();
  });

  it('imports 1,000 contacts; the progress survives a reload in the middle', async () => {
    const { page } = site;
    await site.inHighLevel('PUT', '/faults', { faults: [STUCK] });
    await page.getByRole('button', { name: 'Import this now' }).click();
    await until('Running');
    await eventually(async () => expect(await done()).toBeGreaterThan(0));
    const atReload = await done();
    expect(atReload).toBeLessThan(CONTACTS);
    await page.reload();
    await until('Running');
    expect(await done()).toBe(atReload);
    await page
      .getByText(/a second/)
      .first()
      .waitFor();
    await site.inHighLevel('DELETE', '/faults');
    await page.getByText(`The import is complete: 1,000 contacts.`).waitFor();
    expect(await count('created')).toBe(CONTACTS);
    expect(await stored()).toBe(CONTACTS);
  });

  it('pauses, goes on, and is cancelled', async () => {
    const { page } = site;
    await site.inHighLevel('PUT', '/faults', { faults: [STUCK] });
    await page.getByRole('button', { name: 'Import now' }).click();
    await page.getByRole('button', { name: 'Pause' }).click();
    await until('Paused');
    await page.getByRole('button', { name: 'Go on' }).click();
    await until('Running');
    await page.getByRole('button', { name: 'Cancel the import' }).click();
    const dialog = page.getByRole('dialog', { name: 'Cancel the import?' });
    await dialog.getByRole('button', { name: 'Cancel the import' }).click();
    await until('Cancelled');
    await page.getByText(/^The import was cancelled after/).waitFor();
    await site.inHighLevel('DELETE', '/faults');
    const rows = page.getByRole('region', { name: 'History' }).locator('tbody tr');
    await eventually(async () => expect(await rows.count()).toBe(3));
    await rows.first().getByText('Cancelled').waitFor();
  });

  it('says which contacts failed and why, also as a file', async () => {
    const { page } = site;
    const [failed] = await database.query<{ id: number }>(
      `insert into ghl.import_failures (import_id, ghl_contact_id, name, reason)
       select id, 'Con0InventedPerson01', 'Mara Quill', 'value_not_storable' from ghl.imports
        order by id desc limit 1 returning import_id as id`,
    );
    await database.query(`update ghl.imports set counts = counts || '{"failed": 1}' where id = $1`, [
      failed!.id,
    ]);
    await page.reload();
    await page.getByRole('button', { name: 'Show one failure' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Contacts that could not be imported' });
    await dialog.getByText('Mara Quill').waitFor();
    await dialog.getByText('A value cannot be stored.').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('button', { name: 'Download as CSV' }).click(),
    ]);
    expect(await readFile(await download.path(), 'utf8')).toContain('Mara Quill');
    await page.keyboard.press('Escape');
  });
});
