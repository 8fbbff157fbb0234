import { type Browser, type Page } from 'playwright-core';
import { describeWithChromium, launchChromium } from '../harness/chromium.js';
import { connect } from '../harness/connect.js';
import { eventually } from '../harness/eventually.js';
import { type SignedIn, signIn } from '../harness/sign-in.js';
import { SystemProcess } from '../harness/system-process.js';

/** What a person sees and clicks beside the console (test/console), in a real browser. */
describeWithChromium('in a browser', () => {
  let system: SystemProcess;
  let browser: Browser;
  let page: Page;
  let admin: SignedIn;
  let complaints: string[];

  beforeAll(async () => {
    system = await SystemProcess.prepare();
    [browser] = await Promise.all([launchChromium(), system.start()]);
    admin = await signIn(system.apiUrl);
  });

  beforeEach(async () => {
    page = await browser.newPage();
    complaints = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
  });

  afterEach(() => page.close());

  afterAll(async () => {
    await browser.close();
    await system.dispose();
  });

  it('authorizes Swagger UI with a personal token, and tries an operation out', async () => {
    await openSwagger();
    await page.getByRole('button', { name: 'Authorize' }).first().click();
    const dialog = page.locator('.auth-container', { hasText: 'api_access_token' });
    await dialog.locator('input').fill(admin.access_token);
    await dialog.getByRole('button', { name: 'Apply credentials' }).click();
    await page.getByRole('button', { name: 'Close' }).last().click();
    const answer = await tryOut('getGhlStatus');
    expect(await answer.locator('tbody .response-col_status').first().textContent()).toContain('200');
    expect(await answer.locator('tbody .response-col_description').first().textContent()).toContain(
      '"connected"',
    );
    expect(complaints).toEqual([]);
  });

  it("shows on the simulator's page what DeskFlow sends", async () => {
    await connect(system.apiUrl, admin);
    await fetch(`${system.apiUrl}/api/v1/accounts/${admin.account_id}/contacts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', api_access_token: admin.access_token },
      body: JSON.stringify({ name: 'Seen There', email: 'seen.there@example.test' }),
    });
    await page.goto(system.simulatorUrl);
    await eventually(async () => {
      await page.reload();
      await page.getByText('seen.there@example.test').first().waitFor({ timeout: 2_000 });
    });
    expect(complaints).toEqual([]);
  });

  async function openSwagger(): Promise<void> {
    await page.goto(`${system.apiUrl}/docs`);
    await page.locator('.opblock').first().waitFor();
  }

  async function tryOut(operationId: string): Promise<ReturnType<Page['locator']>> {
    const block = page.locator(`[id$="-${operationId}"]`);
    await block.locator('.opblock-summary').click();
    await block.getByRole('button', { name: 'Try it out' }).click();
    await block.getByPlaceholder('account_id').fill(String(admin.account_id));
    await block.getByRole('button', { name: 'Execute' }).click();
    const answer = block.locator('.live-responses-table');
    await answer.waitFor();
    return answer;
  }
});
