import { type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { type User } from '#apps/simulator/model.js';
import { createSimulator, DEFAULT_SHARED_SECRET, type Simulator } from '#apps/simulator/simulator.js';
import { violationsOn } from '../harness/axe.js';
import { describeWithChromium, launchChromium } from '../harness/chromium.js';
import { eventually } from '../harness/eventually.js';
import { FramedPage } from './framed-page.js';
import { openUserContext } from './open-user-context.js';

const SECRET = 'a-shared-secret-of-this-test';
const CHOICE = '/_sim/user-context';

let simulator: Simulator;
let framed: FramedPage;
let agencyAdmin: User;
let agent: User;
let ids: string[];

beforeAll(async () => {
  framed = await FramedPage.start();
  simulator = await createSimulator({ sharedSecret: SECRET, customPageUrl: framed.url });
  await simulator.listen();
  ids = simulator.locations.map(({ id }) => id);
  const users = simulator.world.users.values();
  agencyAdmin = users.find(({ type }) => type === 'agency')!;
  agent = users.find(({ role, locationIds }) => role === 'user' && locationIds.includes(ids[1]!))!;
});
afterEach(() => simulator.settings.change({ customPageUrl: framed.url }));
afterAll(async () => {
  await simulator.close();
  await framed.stop();
});

async function ask(body: object): Promise<{ status: number; payload: string; message: unknown }> {
  const answer = await fetch(simulator.url + CHOICE, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const said = (await answer.json()) as { payload: string; message: unknown };
  return { ...said, status: answer.status };
}

const open = (payload: string): Record<string, unknown> => openUserContext(payload, SECRET);

describe('the user context', () => {
  it('says who is in which location', async () => {
    const { status, payload } = await ask({ userId: agent.id, locationId: ids[1] });
    expect(status).toBe(200);
    expect(open(payload)).toEqual({
      userId: agent.id,
      companyId: agent.companyId,
      role: 'user',
      type: 'location',
      activeLocation: ids[1],
      userName: 'Uma Agent2',
      email: 'uma.agent2@example.test',
      isAgencyOwner: false,
    });
  });

  it("has no location in the agency view, and an agency's user in any location", async () => {
    const inAgency = open((await ask({ userId: agencyAdmin.id })).payload);
    expect(inAgency).toMatchObject({ type: 'agency', role: 'admin', isAgencyOwner: true });
    expect('activeLocation' in inAgency).toBe(false);
    const created = await fetch(`${simulator.url}/_sim/companies/${agencyAdmin.companyId}/locations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Opened later' }),
    });
    const { location } = (await created.json()) as { location: { id: string } };
    const elsewhere = open((await ask({ userId: agencyAdmin.id, locationId: location.id })).payload);
    expect(elsewhere).toMatchObject({ type: 'agency', activeLocation: location.id });
  });

  it('is another ciphertext each time', async () => {
    const answers = [];
    for (let time = 0; time < 5; time += 1) answers.push(await ask({ userId: agencyAdmin.id }));
    expect(new Set(answers.map(({ payload }) => payload)).size).toBe(5);
  });

  it('is encrypted with a secret that is known, and not the client secret, unless one is given', async () => {
    const { sharedSecret, clientSecret } = await createSimulator();
    expect(sharedSecret).toBe(DEFAULT_SHARED_SECRET);
    expect(sharedSecret).not.toBe(clientSecret);
    expect(simulator.sharedSecret).toBe(SECRET);
  });

  it.each([
    ['no user', () => ({}), 'userId should not be empty'],
    ['a user nobody knows', () => ({ userId: 'nobody' }), 'userId must be that of a user'],
    [
      'a location nobody knows',
      () => ({ userId: agencyAdmin.id, locationId: 'nowhere' }),
      "locationId must be that of a location of the user's company",
    ],
    [
      'a location that is no text',
      () => ({ userId: agencyAdmin.id, locationId: null }),
      "locationId must be that of a location of the user's company",
    ],
    [
      'a location the user is not in',
      () => ({ userId: agent.id, locationId: ids[0] }),
      'locationId must be that of a location the user is in',
    ],
    [
      'the agency view for somebody of a location',
      () => ({ userId: agent.id }),
      'locationId must be that of a location the user is in',
    ],
  ])('is refused for %s', async (_what, body, problem) => {
    expect(await ask(body())).toMatchObject({ status: 422, message: [problem] });
  });

  it('can be asked for the users there are', async () => {
    const answer = await fetch(`${simulator.url}/_sim/users`);
    const { users } = (await answer.json()) as { users: object[] };
    expect(users).toHaveLength(7);
    expect(users).toContainEqual(
      expect.objectContaining({ id: agent.id, name: 'Uma Agent2', type: 'account', locationIds: [ids[1]] }),
    );
  });
});

describe('the page at /custom-page', () => {
  const policyOf = async (path: string): Promise<string> => {
    const answer = await fetch(simulator.url + path);
    expect(answer.status).toBe(200);
    return answer.headers.get('content-security-policy') ?? '';
  };

  it("may frame the origin of the app's page and nothing else; other pages frame nothing", async () => {
    expect(await policyOf('/custom-page')).toMatch(new RegExp(`; frame-src ${framed.origin}$`));
    for (const path of ['/', '/custom-page.mjs']) expect(await policyOf(path)).not.toContain('frame-src');
    simulator.settings.change({ customPageUrl: 'https://app.example.test/sso?from=highlevel' });
    expect(await policyOf('/custom-page')).toMatch(/; frame-src https:\/\/app\.example\.test$/);
    simulator.settings.change({ customPageUrl: null });
    expect(await policyOf('/custom-page')).not.toContain('frame-src');
  });

  it('frames web pages only', () => {
    expect(() => simulator.settings.change({ customPageUrl: 'javascript:alert(1)' })).toThrow(
      'customPageUrl must be an http or https URL, or null',
    );
  });
});

describeWithChromium("HighLevel's frame", () => {
  let browser: Browser;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterEach(() => page.context().close());
  afterAll(() => browser.close());

  async function visit(query = '', options: BrowserContextOptions = {}): Promise<void> {
    page = await (await browser.newContext(options)).newPage();
    complaints = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${simulator.url}/custom-page${query}`);
  }

  const answerIn = (frame: string) => page.frameLocator(frame).locator('#answer');

  /** What the app's page was told, once it was told something else than before. */
  const told = (before = 'not answered'): Promise<string> =>
    eventually(async () => {
      const answer = await answerIn('#frame iframe').textContent({ timeout: 1_000 });
      expect(answer).not.toBe('not answered');
      expect(answer).not.toBe(before);
      return String(answer);
    });

  it("tells the app's page who is signed in, and asks HighLevel anew after each change", async () => {
    await visit();
    const first = await told();
    expect(open(first)).toMatchObject({ userId: agencyAdmin.id, activeLocation: ids[0] });
    await page.getByText('The page has asked, and was answered').waitFor();

    await page.getByLabel('Where').selectOption({ label: 'Agency view, in no location' });
    const inAgency = await told(first);
    expect('activeLocation' in open(inAgency)).toBe(false);

    await page.getByLabel('Who').selectOption({ label: 'Uma Agent2 (user, Linden Physiotherapie)' });
    const agents = await told(inAgency);
    expect(open(agents)).toMatchObject({ userId: agent.id, activeLocation: ids[1] });
    expect(await page.getByLabel('Where').locator('option').allTextContents()).toEqual([
      'Linden Physiotherapie',
    ]);

    await page.reload();
    const again = await told(agents);
    expect(open(again)).toEqual(open(agents));
    expect(complaints).toEqual([]);
  });

  it('begins with the choice in its address', async () => {
    await visit(`?user=${agencyAdmin.id}&location=${ids[2]!}`);
    expect(open(await told())).toMatchObject({ userId: agencyAdmin.id, activeLocation: ids[2] });
    await visit(`?user=${agencyAdmin.id}&location=`);
    expect('activeLocation' in open(await told())).toBe(false);
    await visit(`?user=${agent.id}`);
    expect(open(await told())).toMatchObject({ userId: agent.id, activeLocation: ids[1] });
    await visit('?user=nobody&location=nowhere');
    expect(open(await told())).toMatchObject({ userId: agencyAdmin.id, activeLocation: ids[0] });
  });

  it('answers nobody but the page in the frame', async () => {
    await visit();
    const first = await told();
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith(CHOICE)) asked.push(request.url());
    });
    await page.evaluate(`
      window.heard = [];
      addEventListener('message', ({ data }) => heard.push(data.message));
      postMessage({ message: 'REQUEST_USER_DATA' }, '*');
      const stranger = document.createElement('iframe');
      stranger.id = 'stranger';
      stranger.src = ${JSON.stringify(framed.url)};
      document.body.append(stranger);
    `);
    await eventually(async () =>
      expect(await page.evaluate('heard')).toEqual(['REQUEST_USER_DATA', 'REQUEST_USER_DATA']),
    );
    await page.getByLabel('Where').selectOption({ index: 1 });
    await told(first);
    expect(asked).toHaveLength(1);
    expect(await answerIn('#stranger').textContent()).toBe('not answered');
    expect(await page.evaluate('heard')).not.toContain('REQUEST_USER_DATA_RESPONSE');
  });

  it("says what is wrong when HighLevel's side fails, and what to set when there is no page", async () => {
    await visit();
    await told();
    await page.route(`**${CHOICE}`, (route) => route.fulfill({ status: 500, json: { message: 'Broken' } }));
    await page.getByLabel('Where').selectOption({ index: 1 });
    await page.getByText('That did not work: Broken').waitFor();

    simulator.settings.change({ customPageUrl: null });
    await visit();
    await page.getByRole('heading', { name: 'There is no page to show' }).waitFor();
    await page.getByText('SIMULATOR_CUSTOM_PAGE_URL').waitFor();
    expect(await page.locator('iframe').count()).toBe(0);
  });

  it('is reached from the page of the other side', async () => {
    await visit();
    await page.getByRole('link', { name: 'Back to the simulator' }).click();
    await page.getByRole('link', { name: "Open the app's page in HighLevel's frame" }).click();
    await told();
  });

  it.each(['light', 'dark'] as const)('is accessible and small in the %s theme', async (colorScheme) => {
    await visit('', { colorScheme, viewport: { width: 360, height: 740 } });
    await told();
    expect(await violationsOn(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    simulator.settings.change({ customPageUrl: null });
    await page.reload();
    await page.getByRole('heading', { name: 'There is no page to show' }).waitFor();
    expect(await violationsOn(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });
});
