import { type SignedIn, signIn } from '../harness/sign-in.js';
import { describeWithChromium } from '../harness/chromium.js';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { Console } from './console.js';

/** The promise of the product: an edit is seen on the other side this fast. */
const SEEN_WITHIN_MS = 2_000;

/** Both sides side by side, and what a person mends. */
describeWithChromium('while both sides are edited', () => {
  const database = useDatabase();
  let site: Console;
  let location: string;
  let admin: SignedIn;

  beforeAll(async () => {
    site = await Console.start(database);
    location = await site.locationId();
    admin = await signIn(site.url);
    await site.open();
    await site.signIn();
    await site.connect();
  });
  afterEach(() => expect(site.complaints).toEqual([]));
  afterAll(() => site.stop());

  async function createThere(contact: Record<string, unknown>): Promise<string> {
    const { contact: created } = await site.inHighLevel('POST', `/locations/${location}/contacts`, contact);
    return (created as { id: string }).id;
  }
  const editThere = (id: string, changes: Record<string, unknown>): Promise<unknown> =>
    site.inHighLevel('PUT', `/locations/${location}/contacts/${id}`, changes);
  async function there(email: string): Promise<Record<string, unknown> | undefined> {
    const { contacts } = await site.inHighLevel('GET', `/locations/${location}/contacts?query=${email}`);
    return (contacts as Record<string, unknown>[]).find((contact) => contact['email'] === email);
  }
  /** As somebody else in DeskFlow. */
  async function editHere(id: number, changes: Record<string, unknown>): Promise<void> {
    const answer = await fetch(`${site.url}/api/v1/accounts/1/contacts/${id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', api_access_token: admin.access_token },
      body: JSON.stringify(changes),
    });
    expect(answer.status).toBe(200);
  }
  const idOf = async (email: string): Promise<number> =>
    eventually(async () => {
      const [row] = await database.query<{ id: number }>('select id from contacts where email = $1', [email]);
      return row!.id;
    });

  describe('contacts', () => {
    beforeAll(() => site.tab('Contacts'));

    it('an edit in HighLevel appears without a reload within 2 s', async () => {
      const id = await createThere({ firstName: 'Nadia', lastName: 'Before', email: 'nadia@example.test' });
      await site.page.getByRole('cell', { name: 'Nadia Before', exact: true }).waitFor();
      for (const name of ['One', 'Two', 'Three']) {
        const began = performance.now();
        await editThere(id, { lastName: name });
        await site.page.getByRole('cell', { name: `Nadia ${name}`, exact: true }).waitFor();
        expect(performance.now() - began).toBeLessThan(SEEN_WITHIN_MS);
      }
    });

    it('an edit in DeskFlow appears in HighLevel', async () => {
      const { page } = site;
      await page.getByRole('button', { name: /^Edit Nadia/ }).click();
      const dialog = page.getByRole('dialog', { name: 'Edit contact' });
      await dialog.getByText('In sync').waitFor();
      await dialog.getByLabel('Name').fill('Nadia Fromhere');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await page.getByText('The contact was saved.').waitFor();
      await eventually(async () =>
        expect(await there('nadia@example.test')).toMatchObject({ firstName: 'Nadia', lastName: 'Fromhere' }),
      );
      await page
        .getByRole('row', { name: /Nadia Fromhere/ })
        .getByText('In sync')
        .waitFor();
    });

    it('a refused value is said beside its field, and nothing typed is lost', async () => {
      const { page } = site;
      await page.getByRole('button', { name: 'New contact' }).click();
      const dialog = page.getByRole('dialog', { name: 'New contact' });
      await dialog.getByLabel('Name').fill('Otto');
      await dialog.getByLabel('E-mail').fill('not an address');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.getByText(/Email/).waitFor();
      expect(await dialog.getByLabel('E-mail').getAttribute('aria-invalid')).toBe('true');
      expect(await dialog.getByLabel('Name').inputValue()).toBe('Otto');
      await dialog.getByLabel('E-mail').fill('otto@example.test');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await eventually(async () => expect(await there('otto@example.test')).toBeDefined());
      site.complaints = site.complaints.filter((complaint) => !complaint.includes('422'));
    });

    it('goes with the words of a search, page by page', async () => {
      const { page } = site;
      await page.getByLabel('Name, e-mail or phone').fill('otto');
      await page.getByRole('cell', { name: 'Nadia Fromhere', exact: true }).waitFor({ state: 'hidden' });
      await page.getByText('otto@example.test').waitFor();
      await page.getByLabel('Name, e-mail or phone').fill('nobody at all');
      await page.getByText('No contact was found.').waitFor();
      await page.getByLabel('Name, e-mail or phone').fill('');
    });

    it('unlinks a contact, syncs it again, and deletes one', async () => {
      const { page } = site;
      await page.getByRole('button', { name: /^Edit Otto/ }).click();
      const dialog = page.getByRole('dialog', { name: 'Edit contact' });
      await dialog.getByRole('button', { name: 'Unlink' }).click();
      await dialog.getByText('Unlinked', { exact: true }).waitFor();
      await dialog.getByRole('button', { name: 'Sync now' }).click();
      await dialog.getByText('In sync', { exact: true }).waitFor();
      await dialog.getByRole('button', { name: 'Delete' }).click();
      await page
        .getByRole('dialog', { name: 'Delete Otto?' })
        .getByRole('button', { name: 'Delete' })
        .click();
      await page.getByText('The contact was deleted.').waitFor();
      await page.getByText('otto@example.test').waitFor({ state: 'hidden' });
    });
  });

  it('a dead letter says why, and is replayed', async () => {
    await database.query(
      `create function refuse() returns trigger language plpgsql as
         $$ begin if new.name like 'Poison%' then raise exception using errcode = '22000'; end if; return new; end $$`,
    );
    await database.query(
      'create trigger refuse before insert or update on contacts for each row execute function refuse()',
    );
    await createThere({ firstName: 'Poison', lastName: 'Ivy', email: 'ivy@example.test' });
    await site.tab('Events');
    const { page } = site;
    await page.getByLabel('State').selectOption('dead');
    await page.getByText('What was delivered cannot be applied.').waitFor();
    await page
      .getByRole('button', { name: /^Details/ })
      .first()
      .click();
    const dialog = page.getByRole('dialog', { name: /^Event/ });
    await dialog.getByText('ivy@example.test').waitFor();
    await dialog.getByText('Failed attempts').waitFor();
    await database.query('drop function refuse() cascade');
    await dialog.getByRole('button', { name: 'Replay' }).click();
    await page.getByText('The event is applied again.').waitFor();
    await idOf('ivy@example.test');
    await page.getByText('No event matches.').waitFor();
  });

  it('replays all dead letters of a filter at once, and discards them', async () => {
    const { page } = site;
    const [hook] = await database.query<{ id: number }>('select id from integrations_hooks');
    await database.query(
      `insert into ghl.inbox (delivery_key, type, account_id, hook_id, location_id, entity_key, body, state, reason)
       select 'planted' || n, 'ContactUpdate', 1, $1, $2, 'contact:Nobody' || n, '{"type":"ContactUpdate"}', 'dead', 'cannot_be_applied'
         from generate_series(1, 30) n`,
      [hook!.id, location],
    );
    // At once: what is typed rests a moment before the list is asked for, and others than its own must stay.
    await page.getByLabel('About').fill('contact:Nobody7');
    await page.getByRole('button', { name: 'Discard all that were given up' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Discard all' }).click();
    await page.getByText('One event was changed.').waitFor();
    // What is behind a dialog takes no keys, and the list is loaded anew before it closes.
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.getByLabel('About').fill('');
    await page.getByRole('button', { name: 'Load more' }).click();
    await eventually(async () => expect(await page.locator('tbody tr').count()).toBe(29));
    await page.getByRole('button', { name: 'Discard all that were given up' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Discard all' }).click();
    await page.getByText('29 events were changed.').waitFor();
    await page.getByLabel('State').selectOption('');
  });

  it('a change that HighLevel refused is found from the dashboard, and is sent again or discarded', async () => {
    const { page } = site;
    const id = await idOf('nadia@example.test');
    const refuse = (): Promise<unknown> =>
      site.inHighLevel('PUT', '/faults', {
        faults: [{ kind: 'status', status: 422, method: 'PUT', path: '/contacts', times: 1 }],
      });
    await refuse();
    await editHere(id, { name: 'Nadia Refused' });
    await site.tab('Dashboard');
    await page.getByRole('link', { name: '1 Given up, To HighLevel' }).click();
    const row = page.getByRole('row', { name: /Nadia Refused/ });
    await row.getByText('HighLevel refused the values.').waitFor();
    await row.getByText('(PUT /contacts/{contactId} 422)').waitFor();
    await row.getByRole('button', { name: 'Sync now Nadia Refused' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('Nothing to show here.').waitFor();
    expect(await there('nadia@example.test')).toMatchObject({ lastName: 'Refused' });
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Events');
    await page.getByLabel('State').selectOption('settled');
    await row.getByText('Given up, in sync since').waitFor();

    await refuse();
    await editHere(id, { name: 'Nadia Discarded' });
    await page.getByLabel('State').selectOption('dead');
    await page.getByRole('button', { name: 'Discard Nadia Discarded' }).click();
    await page.getByText('The change is not sent.').waitFor();
    await page.getByText('Nothing to show here.').waitFor();
    await page.getByRole('button', { name: 'To DeskFlow' }).click();
    await page.getByText('Everything that HighLevel delivered').waitFor();
    expect(await there('nadia@example.test')).toMatchObject({ lastName: 'Refused' });
  });

  it('a conflict shows both values, and the other one is applied', async () => {
    const email = 'nadia@example.test';
    const id = await idOf(email);
    await site.inHighLevel('PUT', '/faults', {
      faults: [{ kind: 'status', status: 503, method: 'PUT', path: '/contacts', times: 1_000 }],
    });
    await editHere(id, { name: 'Nadia Deskflow' });
    await editThere(String((await there(email))!['id']), { lastName: 'Highlevel' });
    await site.tab('Conflicts');
    const { page } = site;
    const conflict = page.getByRole('listitem').filter({ hasText: 'Last name' });
    await conflict.getByText('Highlevel', { exact: true }).waitFor();
    await conflict.getByText('Deskflow', { exact: true }).waitFor();
    await conflict.getByText('the later change wins').waitFor();
    await site.inHighLevel('DELETE', '/faults');
    await conflict.getByRole('button', { name: 'Apply the other value' }).click();
    await page.getByText('The other value is in place on both sides.').waitFor();
    await eventually(async () => expect(await there(email)).toMatchObject({ lastName: 'Deskflow' }));
    await conflict.getByText('Reversed', { exact: true }).waitFor();
  });

  it('an ambiguous match waits for a decision', async () => {
    // As if a sync had written them: sent to HighLevel, one of them would be its contact before anybody had to ask.
    await database.query(
      `with origin as materialized (select set_config('ghl.origin', id::text, true) from integrations_hooks)
       insert into contacts (account_id, name, phone_number, additional_attributes, created_at, updated_at)
       select 1, name, '+14155550199', '{}', now(), now() from origin, unnest(array['Ray Elder', 'Ray Younger']) name`,
    );
    await createThere({ firstName: 'Ray', lastName: 'Somebody', phone: '+14155550199' });
    await site.tab('Matches');
    const { page } = site;
    await page.getByText('Several have this phone number').waitFor({ timeout: 20_000 });
    await page.getByRole('radio', { name: /Ray Younger/ }).check();
    await page.getByRole('button', { name: 'Decide' }).click();
    await page.getByText('The match was decided.').waitFor();
    await page.getByText('There is nothing to decide.').waitFor();
    const [linked] = await database.query<{ name: string }>(
      `select c.name from ghl.contact_links l join contacts c on c.id = l.contact_id where c.phone_number = '+14155550199'`,
    );
    expect(linked!.name).toContain('Ray');
  });

  it('a mapping is checked, shown with a real contact, and saved', async () => {
    await site.tab('Mapping');
    const { page } = site;
    const attribute = page.getByLabel(/^Custom attribute for/).first();
    await attribute.fill('not a key');
    await page.getByText('Only letters, digits and underscores').waitFor();
    const save = page.getByRole('button', { name: 'Save' }).last();
    expect(await save.isDisabled()).toBe(true);
    await attribute.fill('favourite_colour');
    await page.getByLabel('Direction of City').selectOption('in');
    await page.getByText('2 changes not saved').waitFor();
    await page.getByLabel('Find a contact').fill('nadia');
    await page.getByLabel('Show its values').selectOption({ label: 'Nadia Deskflow' });
    await page.getByRole('cell', { name: 'nadia@example.test' }).waitFor();
    await save.click();
    await page.getByText('Saved.').waitFor();
    await page.reload();
    expect(await page.getByLabel('Direction of City').inputValue()).toBe('in');
    expect(
      await page
        .getByLabel(/^Custom attribute for/)
        .first()
        .inputValue(),
    ).toBe('favourite_colour');
    await page.getByLabel('When a contact is deleted in DeskFlow').selectOption('archive');
    await page.getByRole('button', { name: 'Save' }).first().click();
    await page.getByText('Saved.').waitFor();
  });

  it('the dashboard tells how things are, as they change', async () => {
    await site.tab('Dashboard');
    const { page } = site;
    await page.getByText('Recent activity').waitFor();
    await createThere({ firstName: 'Late', lastName: 'Comer', email: 'late@example.test' });
    await page.getByRole('listitem').filter({ hasText: 'Late Comer' }).waitFor();
    await page.getByRole('button', { name: '30 days' }).click();
    await page.getByText('As a table').click();
    expect(await page.locator('details tbody tr').count()).toBe(30);
    await page.getByText(/of 200,000 today/).waitFor();
    await page.getByRole('button', { name: 'Compare now' }).click();
    await page.getByText('Both sides are compared now.').waitFor();
    await site.inHighLevel('POST', `/locations/${location}/suspend`, {});
    await page.getByRole('link', { name: 'Connection', exact: true }).click();
    await page.getByRole('button', { name: 'Renew the token now' }).click();
    await page.getByRole('alert').first().waitFor();
    await site.inHighLevel('POST', `/locations/${location}/activate`, {});
    site.complaints = site.complaints.filter((complaint) => !/4\d\d|5\d\d/.test(complaint));
  });
});
