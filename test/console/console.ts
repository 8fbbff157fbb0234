import { type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { type TestDatabase } from '../harness/database.js';
import { violationsOn } from '../harness/axe.js';
import { launchChromium } from '../harness/chromium.js';
import { SystemProcess } from '../harness/system-process.js';

type Json = Record<string, unknown>;

/** A running system on the test's own database, and a browser to look at it. */
export class Console {
  page!: Page;
  /** What the browser complained of since the page was opened. */
  complaints: string[] = [];

  private constructor(
    readonly system: SystemProcess,
    private readonly browser: Browser,
  ) {}

  static async start(database: TestDatabase, env: Record<string, string> = {}): Promise<Console> {
    const system = await SystemProcess.prepare({ DATABASE_URL: database.url, ...env });
    const [browser] = await Promise.all([launchChromium(), system.start()]);
    return new Console(system, browser);
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.system.dispose();
  }

  /** A browser that has never been here. */
  async open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ locale: 'en-US', ...options });
    this.page = await context.newPage();
    this.complaints = [];
    this.page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
    this.page.on('pageerror', (error) => this.complaints.push(error.message));
    return this.page;
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  get url(): string {
    return this.system.apiUrl;
  }

  /** Goes to a page of the first account. */
  async goTo(name = '', provider = 'gohighlevel'): Promise<void> {
    await this.page.goto(
      `${this.url}/app/accounts/1/settings/integrations/${provider}/${name}`.replace(/\/$/, ''),
    );
  }

  async signIn(email = 'admin@example.com'): Promise<void> {
    await this.page.goto(`${this.url}/app`);
    await this.page.getByLabel('E-mail').fill(email);
    await this.page.getByLabel('Password').fill('Password1!');
    await this.page.getByRole('button', { name: 'Sign in' }).click();
    await this.page.waitForURL(/settings\/integrations/);
  }

  /** From the button on the connection page, through HighLevel's consent page, back. */
  async connect(): Promise<void> {
    await this.goTo();
    await this.page.getByRole('button', { name: 'Connect HighLevel' }).click();
    await this.page.getByRole('button', { name: 'Approve' }).click();
    await this.page.waitForURL(/settings\/integrations\/gohighlevel$/);
    await this.page.getByText('Connected', { exact: true }).waitFor();
  }

  async tab(name: string): Promise<void> {
    await this.page.getByRole('link', { name, exact: true }).click();
    await this.page.getByRole('heading', { level: 1 }).waitFor();
  }

  /** Resolves when nothing on the page is a placeholder any more. */
  async loaded(): Promise<void> {
    await this.page.getByRole('heading', { level: 1 }).waitFor();
    // Not by a function in the page, which its policy forbids to evaluate.
    await this.page.locator('.animate-pulse').first().waitFor({ state: 'hidden' });
  }

  /** What axe finds wrong on the page as it is. */
  violations(page = this.page): Promise<string[]> {
    return violationsOn(page);
  }

  /** HighLevel's side, as a person working there. */
  async inHighLevel(method: string, path: string, body?: Json): Promise<Json> {
    const answer = await fetch(`${this.system.simulatorUrl}/_sim${path}`, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as Json;
  }

  /** The location that the consent page offers first. */
  async locationId(): Promise<string> {
    const { locations } = await this.inHighLevel('GET', '/locations');
    return (locations as { id: string }[])[0]!.id;
  }
}
