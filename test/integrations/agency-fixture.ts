import { ScheduleModule } from '@nestjs/schedule';
import { TokenVault } from '#libs/integrations';
import { QueueModule } from '#libs/queue';
import { WebhooksModule, WebhooksWorkerModule } from '#libs/webhooks';
import { type TestDatabase, useDatabase } from '../harness/database.js';
import { Browser } from '../oauth/browser.js';
import { type Answer, ApiFixture, People, type Person } from './api-fixture.js';
import { ConnectionFixture, type HookRow, type Process } from './connection-fixture.js';

export const LOCATIONS_PATH = '/api/v1/accounts/1/integrations/ghl/locations';
export const AGENCY_SCOPES = 'oauth.readonly oauth.write';

/** An agency of the simulator, and this service with HighLevel's webhooks coming in. */
export class AgencyFixture {
  connections!: ConnectionFixture;
  people!: People;
  /** API and worker in one. */
  api!: ApiFixture;
  other!: Process;
  admin!: Browser;
  companyId!: string;
  /** Of the agency's locations. */
  ids!: readonly string[];

  constructor(readonly database: TestDatabase) {}

  async start(): Promise<void> {
    this.people = await People.seed(this.database.source);
    this.connections = await ConnectionFixture.start(this.database.source);
    const { simulator } = this.connections;
    this.other = await this.connections.process();
    this.api = await ApiFixture.start(
      this.connections,
      this.people,
      { GHL_EXTRA_SCOPES: AGENCY_SCOPES, GHL_WEBHOOK_PUBLIC_KEYS: simulator.publicKeyPem },
      (config) => [
        ScheduleModule.forRoot(),
        QueueModule.register(config),
        WebhooksModule,
        WebhooksWorkerModule,
      ],
    );
    this.admin = new Browser(this.api);
    this.listen();
    this.ids = simulator.locations.map(({ id }) => id);
    this.companyId = simulator.locations[0]!.companyId;
  }

  async reset(): Promise<void> {
    const { settings, webhooks, world } = this.connections.simulator;
    settings.change({ mintsRefreshTokens: true });
    world.uninstallCompany(this.companyId);
    await webhooks.idle();
    await this.connections.reset();
  }

  async stop(): Promise<void> {
    await this.api.stop();
    await this.connections.stop();
  }

  list(query = '', as: Person = 'admin'): Promise<Answer> {
    return this.api.call('GET', LOCATIONS_PATH + query, { as });
  }

  choose(locationIds: unknown, more: object = {}, as: Person = 'admin'): Promise<Answer> {
    return this.api.call('POST', LOCATIONS_PATH, { as, body: { location_ids: locationIds, ...more } });
  }

  authorize(approved: readonly string[] = this.ids, andLaterOnes = false): ReturnType<Browser['connect']> {
    return this.admin.connect({ agency: true, approved, andLaterOnes });
  }

  mintings(status?: number): number {
    return this.connections.simulator.requests.count('POST', '/oauth/locationToken', status);
  }

  async hookOf(locationId: string): Promise<HookRow> {
    const [hook] = await this.database.query<{ id: number }>(
      'select id from integrations_hooks where reference_id = $1',
      [locationId],
    );
    return this.connections.row(hook?.id ?? 0);
  }

  /** Locations that are connected. */
  async connected(): Promise<string[]> {
    const rows = await this.database.query<{ reference_id: string }>(
      'select reference_id from integrations_hooks where status = 1 order by id',
    );
    return rows.map(({ reference_id }) => reference_id);
  }

  /** How the INSTALLs ended that named a location, by location. */
  async installs(): Promise<Record<string, string>> {
    const rows = await this.database.query<{ location_id: string; state: string; reason: string | null }>(
      `select location_id, state, reason from ghl.inbox where type = 'INSTALL' and location_id is not null`,
    );
    return Object.fromEntries(
      rows.map(({ location_id, state, reason }) => [location_id, reason ? `${state} ${reason}` : state]),
    );
  }

  async tokenEnds(): Promise<void> {
    await this.database.query(
      `update ghl.agencies set expires_at = now(), last_refreshed_at = now() - interval '1 day'`,
    );
  }

  /** The agency removes the app, and the UNINSTALL gets lost. */
  removedUnheard(): void {
    this.connections.simulator.settings.change({ webhookUrl: null });
    this.connections.simulator.world.uninstallCompany(this.companyId);
    this.listen();
  }

  tokenOf({ id, access_token }: HookRow): string {
    return this.other.app.get(TokenVault).open(access_token ?? '', id);
  }

  private listen(): void {
    this.connections.simulator.settings.change({ webhookUrl: `${this.api.url}/webhooks/ghl` });
  }
}

/** For the test file in which it is called. */
export function useAgency(): AgencyFixture {
  const agency = new AgencyFixture(useDatabase());
  beforeAll(() => agency.start());
  afterEach(() => agency.reset());
  afterAll(() => agency.stop());
  return agency;
}
