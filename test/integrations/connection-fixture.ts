import {
  type DynamicModule,
  type INestApplicationContext,
  Logger,
  type LoggerService,
  Module,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { createSimulator, type Simulator } from '#apps/simulator/simulator.js';
import { type AppConfig, ConfigModule, loadConfig } from '#libs/config';
import { dataSourceOptions } from '#libs/database';
import { SCOPES } from '#libs/highlevel';
import { ConnectionsModule, grantFrom, Hooks, TokenRefreshService, TokenVault } from '#libs/integrations';
import { empty } from '../harness/empty.js';
import { PoolModule } from '../harness/service.js';

export const ENCRYPTION = {
  ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY: 'deskflow-test-primary-key-000001',
  ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY: 'deskflow-test-determin-key-00001',
  ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT: 'deskflow-test-derivation-salt-01',
};

/** A row of `integrations_hooks` with its connection, as SQL sees it. */
export interface HookRow {
  id: number;
  account_id: number;
  status: number;
  reference_id: string;
  access_token: string | null;
  settings: Record<string, unknown>;
  state: string | null;
  reason: string | null;
  since: Date | null;
  consecutive_failures: number | null;
  next_attempt_at: Date | null;
  installed_at: Date | null;
}

type ModuleImports = NonNullable<DynamicModule['imports']>;

/** One of several processes that share a database: its own pool, its own memory. */
export interface Process {
  readonly app: INestApplicationContext;
  readonly hooks: Hooks;
  readonly refresh: TokenRefreshService;
}

/** HighLevel, and accounts that are connected to it. */
export class ConnectionFixture {
  private readonly processes: INestApplicationContext[] = [];

  private constructor(
    readonly source: DataSource,
    readonly simulator: Simulator,
  ) {}

  static async start(source: DataSource): Promise<ConnectionFixture> {
    const simulator = await createSimulator();
    await simulator.listen();
    return new ConnectionFixture(source, simulator);
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((app) => app.close()));
    await this.simulator.close();
  }

  /** Forgets hooks, faults and counted requests between two tests. */
  async reset(): Promise<void> {
    this.simulator.faults.clear();
    this.simulator.requests.clear();
    await empty(this.source, [
      'integrations_hooks',
      'ghl.connections',
      'ghl.agencies',
      'ghl.inbox',
      'ghl.outbox',
      'ghl.contact_links',
      'ghl.sync_counts',
      'ghl.oauth_states',
    ]);
  }

  config(env: Record<string, string> = {}): AppConfig {
    return loadConfig({
      NODE_ENV: 'test',
      DATABASE_URL: (this.source.options as { url: string }).url,
      GHL_API_URL: this.simulator.url,
      GHL_MARKETPLACE_URL: this.simulator.url,
      GHL_CLIENT_ID: this.simulator.clientId,
      GHL_CLIENT_SECRET: this.simulator.clientSecret,
      ...ENCRYPTION,
      ...env,
    });
  }

  /**
   * @param modules what this process does besides, for example the refresh cron
   * @param logger silence unless given; Nest has one for all applications of a process
   */
  async process(
    env: Record<string, string> = {},
    modules: ModuleImports = [],
    logger: LoggerService | false = false,
  ): Promise<Process> {
    const config = this.config(env);
    const source = await new DataSource(dataSourceOptions(config.databaseUrl)).initialize();
    const imports = [ConfigModule.register(config), PoolModule.of(source), ConnectionsModule, ...modules];
    Logger.overrideLogger(logger);
    const app = await NestFactory.createApplicationContext({ module: ProcessModule, imports });
    this.processes.push(app);
    return { app, hooks: app.get(Hooks), refresh: app.get(TokenRefreshService) };
  }

  locationId(index = 0): string {
    return this.simulator.locations[index]!.id;
  }

  /** Connects the account to a location with tokens of the simulator's. @returns the hook's id */
  async connect({ hooks }: Pick<Process, 'hooks'>, { accountId = 1, location = 0 } = {}): Promise<number> {
    const locationId = this.locationId(location);
    const answer = this.simulator.install({ locationId, scope: SCOPES.join(' ') });
    const hook = await hooks.connect(
      accountId,
      grantFrom(
        {
          accessToken: String(answer['access_token']),
          refreshToken: String(answer['refresh_token']),
          expiresInSeconds: Number(answer['expires_in']),
          scope: String(answer['scope']),
          userType: 'Location',
          locationId,
          companyId: String(answer['companyId']),
          userId: String(answer['userId']),
        },
        locationId,
        new Date(),
      ),
    );
    return hook.id;
  }

  /**
   * Connects a location, and copies of it in accounts that nobody has: the simulator has few locations. Each has a pair
   * of its own, which ends in a minute.
   * @returns the hooks' ids
   */
  async connectMany(process: Process, count: number): Promise<number[]> {
    const hookId = await this.connect(process);
    await this.expiresIn(hookId, 60);
    const vault = process.app.get(TokenVault);
    const hookIds = [hookId];
    for (let copy = 1; copy < count; copy += 1) {
      const pair = this.simulator.install({ locationId: this.locationId(), scope: SCOPES.join(' ') });
      const [{ id }] = await this.source.query<[{ id: number }]>(
        `insert into integrations_hooks (account_id, app_id, hook_type, reference_id, status, access_token, settings,
                                         created_at, updated_at)
         select $4, app_id, hook_type, reference_id, status, $2,
                settings || jsonb_build_object('refresh_token', $3::text), now(), now()
           from integrations_hooks where id = $1
         returning id`,
        [
          hookId,
          vault.seal(String(pair['access_token'])),
          vault.seal(String(pair['refresh_token'])),
          1_000 + copy,
        ],
      );
      hookIds.push(id);
    }
    return hookIds;
  }

  async row(hookId: number): Promise<HookRow> {
    const [row] = await this.source.query<HookRow[]>(
      `select h.*, c.state, c.reason, c.since, c.consecutive_failures, c.next_attempt_at, c.installed_at
         from integrations_hooks h left join ghl.connections c on c.hook_id = h.id where h.id = $1`,
      [hookId],
    );
    if (!row) throw new Error(`There is no hook ${hookId}`);
    return row;
  }

  /** Moves the end of the access token; granted a day before it, as HighLevel grants. */
  async expiresIn(hookId: number, seconds: number): Promise<void> {
    const end = new Date(Date.now() + seconds * 1000);
    await this.source.query(
      `update integrations_hooks set settings = settings || jsonb_build_object('expires_at', $2::text) where id = $1`,
      [hookId, end.toISOString()],
    );
    await this.source.query(
      `update ghl.connections set last_refreshed_at = $2::timestamptz - interval '1 day' where hook_id = $1`,
      [hookId, end],
    );
  }

  /** A suspended location gets no new tokens. */
  setActive(active: boolean): void {
    const location = this.simulator.locations[0]!;
    this.simulator.world.locations.set(location.id, { ...location, active });
  }

  tokenRequests(status?: number): number {
    return this.simulator.requests.count('POST', '/oauth/token', status);
  }

  mostTokenRequestsAtOnce(): number {
    const spans = this.simulator.requests
      .list()
      .filter(({ path }) => path === '/oauth/token')
      .map(({ at, durationMs }) => ({ start: Date.parse(at) - durationMs, end: Date.parse(at) }));
    const openAt = (time: number): number =>
      spans.filter(({ start, end }) => start <= time && time < end).length;
    return Math.max(...spans.map(({ start }) => openAt(start)));
  }

  reconnects(): number {
    return this.simulator.requests.count('POST', '/oauth/reconnect');
  }
}

@Module({})
class ProcessModule {}
