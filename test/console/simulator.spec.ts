import { describeWithChromium } from '../harness/chromium.js';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { Console } from './console.js';

const CONTACT = 'Mara Quill';

/** The other side, played by a person: what is done there reaches the app, and can be made to go wrong. */
describeWithChromium("the simulator's page", () => {
  const database = useDatabase();
  let site: Console;

  beforeAll(async () => {
    site = await Console.start(database);
    await site.open({ viewport: { width: 1_280, height: 900 } });
    await site.signIn();
    await site.connect();
  });
  beforeEach(async () => {
    await site.page.goto(site.system.simulatorUrl);
    await site.page.getByRole('button', { name: `Edit ${CONTACT}`, exact: true }).waitFor();
  });
  afterEach(() => expect(site.complaints).toEqual([]));
  afterAll(() => site.stop());

  const deliveries = () => site.page.getByRole('list', { name: 'Webhook deliveries' }).getByRole('listitem');
  /** The newest delivery of a type; those of the list are redrawn as they change. */
  const delivered = (type: string) => deliveries().filter({ hasText: type }).first();

  async function write(text: string): Promise<void> {
    await site.page.getByLabel('Message', { exact: true }).fill(text);
    await site.page.getByRole('button', { name: 'Send message' }).click();
    await site.page.getByRole('log').getByText(text).waitFor();
  }

  it('writes as a contact and as somebody of the location; the app is told, and keeps it', async () => {
    const { page } = site;
    await page.getByRole('button', { name: `Message ${CONTACT}` }).click();
    await page.getByRole('heading', { name: `Conversation with ${CONTACT}` }).waitFor();
    await write('Can I move my appointment to Friday?');
    await delivered('InboundMessage').getByText('Delivered', { exact: true }).waitFor();
    await page.getByLabel('Write as').selectOption({ label: 'Uma Agent1, Harbour Dental' });
    await page.getByLabel(/^Channel/).selectOption('Email');
    await page.getByLabel('Subject').fill('Your appointment');
    await write('Friday works.');
    await delivered('OutboundMessage').getByText('Delivered', { exact: true }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: `Message ${CONTACT}` }).click();
    await page.getByRole('log').getByText('Your appointment').waitFor();

    await site.goTo('events');
    for (const type of ['InboundMessage', 'OutboundMessage'])
      await page
        .getByRole('row', { name: new RegExp(type) })
        .getByText('Messages are not synced yet.')
        .waitFor();
    await page.getByRole('button', { name: /^Details InboundMessage/ }).click();
    await page.getByRole('dialog').getByText('Can I move my appointment to Friday?').waitFor();
  });

  it('shows each attempt of a delivery with its answer, and sends it again', async () => {
    const { page } = site;
    const settings = page.getByRole('region', { name: 'Webhook settings' });
    const address = settings.getByLabel('Send events to');
    const real = await address.inputValue();
    await address.fill('http://127.0.0.1:9/nobody');
    await settings.getByLabel('Pace of retries').selectOption({ label: '100 times faster' });
    await settings.getByRole('button', { name: 'Save settings' }).click();
    await page.getByText('The settings are saved.').waitFor();
    await edit('Nobody hears');
    const delivery = delivered('ContactUpdate');
    await eventually(async () =>
      expect(await delivery.getByText('No answer').count()).toBeGreaterThanOrEqual(2),
    );
    await delivery.getByText('Next attempt at').waitFor();
    await address.fill(real);
    await settings.getByRole('button', { name: 'Save settings' }).click();
    await delivery.getByRole('button', { name: /^Send again/ }).click();
    await delivery.getByText('Delivered', { exact: true }).waitFor();
    await delivery.getByText('200', { exact: true }).waitFor();
  });

  it('switches faults on and off', async () => {
    const { page } = site;
    const lost = page.getByRole('switch', { name: 'Webhooks get lost' });
    await lost.check();
    await page.getByText('Webhooks get lost: on.').waitFor();
    await edit('Lost on the way');
    await delivered('ContactUpdate').getByText('Never sent', { exact: true }).waitFor();
    await lost.uncheck();
    await page.getByText('Webhooks get lost: off.').waitFor();
    await page.getByText('A fault that strikes some').click();
    await page.getByLabel('What goes wrong').selectOption('status');
    await page.getByLabel('Only this method').fill('PUT');
    await page.getByRole('button', { name: 'Add fault' }).click();
    const faults = page.getByRole('list', { name: 'Faults that are on' });
    await faults.getByText('503 PUT').waitFor();
    await faults.getByRole('button', { name: /^Remove/ }).click();
    await faults.waitFor({ state: 'hidden' });
    expect((await site.inHighLevel('GET', '/faults'))['faults']).toEqual([]);
  });

  it('takes access away, and shows what the app calls', async () => {
    const { page } = site;
    await page.getByRole('button', { name: 'Suspend' }).click();
    await page.getByText('Suspended', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Activate' }).click();
    await page.getByText('Active', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Revoke tokens' }).click();
    await page.getByText('Its tokens no longer count.').waitFor();
    await page.getByRole('region', { name: 'Calls of the app' }).getByText('/oauth/token').first().waitFor();
  });

  it('is accessible, small and steady, in both themes', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await site.close();
      const page = await site.open({ colorScheme, viewport: { width: 360, height: 740 } });
      const policies: (string | undefined)[] = [];
      page.on('response', (response) => policies.push(response.headers()['content-security-policy']));
      await page.goto(site.system.simulatorUrl);
      await page.getByRole('button', { name: `Message ${CONTACT}` }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('log').getByText('Friday works.').waitFor();
      expect(await page.evaluate('document.activeElement.name')).toBe('body');
      expect(await site.violations()).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      await page.getByRole('button', { name: 'New contact' }).click();
      expect(await site.violations()).toEqual([]);
      expect(policies[0]).toContain("frame-ancestors 'none'");
      expect(policies.join()).not.toContain('unsafe');
    }
  });

  /** Changes the contact's company. */
  async function edit(company: string): Promise<void> {
    const { page } = site;
    await page.getByRole('button', { name: `Edit ${CONTACT}`, exact: true }).click();
    const dialog = page.getByRole('dialog', { name: `Edit ${CONTACT}` });
    await dialog.getByLabel('Company').fill(company);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'hidden' });
  }
});
