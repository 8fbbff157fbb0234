import { type TestDatabase, useDatabase } from '../harness/database.js';
import { ApiFixture, FRONTEND_URL, OTHER_ACCOUNT, People } from '../integrations/api-fixture.js';
import { ConnectionFixture, type HookRow } from '../integrations/connection-fixture.js';
import { Browser } from './browser.js';

export const SETTINGS_PAGE = `${FRONTEND_URL}/app/accounts/1/settings/integrations/gohighlevel`;

/** An API, and browsers that come back to it from HighLevel. */
export class CallbackFixture {
  connections!: ConnectionFixture;
  people!: People;
  api!: ApiFixture;
  admin!: Browser;
  /** The administrator of another account. */
  stranger!: Browser;

  constructor(readonly database: TestDatabase) {}

  async start(): Promise<void> {
    this.people = await People.seed(this.database.source);
    this.connections = await ConnectionFixture.start(this.database.source);
    this.api = await ApiFixture.start(this.connections, this.people);
    this.admin = new Browser(this.api);
    this.stranger = new Browser(this.api, 'stranger', OTHER_ACCOUNT);
  }

  async stop(): Promise<void> {
    await this.api.stop();
    await this.connections.stop();
  }

  location(index = 0): { location: string } {
    return { location: this.connections.locationId(index) };
  }

  async hookIds(): Promise<number[]> {
    const rows = await this.database.query<{ id: number }>('select id from integrations_hooks order by id');
    return rows.map(({ id }) => id);
  }

  /** The first. */
  async hook(): Promise<HookRow> {
    const [id] = await this.hookIds();
    return this.connections.row(id ?? 0);
  }
}

/** For the test file in which it is called. */
export function useCallback(): CallbackFixture {
  const site = new CallbackFixture(useDatabase());
  beforeAll(() => site.start());
  afterEach(() => site.connections.reset());
  afterAll(() => site.stop());
  return site;
}
