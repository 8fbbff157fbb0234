import { type INestApplication, type DynamicModule, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { createSimulator, type Simulator } from '#apps/simulator/simulator.js';
import { type AppConfig, loadConfig } from '#libs/config';
import { dataSourceOptions, EmbeddedPostgres, runMigrations, seedDemo } from '#libs/database';
import { ApiModule } from '#apps/api/api.module.js';
import { createHttpApp } from '#apps/api/http-app.js';
import { WorkerModule } from '#apps/worker/worker.module.js';
import { addDemoStaff } from './demo-staff.js';
import { EMBEDDED_CLIENT_ID, embeddedEnvironment, embeddedSecrets } from './embedded-environment.js';
import { assertPortFree } from './free-port.js';

type Environment = Record<string, string | undefined>;

/** A running system: API, worker and, unless replaced by the environment, simulator and PostgreSQL. */
export interface System {
  apiUrl: string;
  /** HighLevel as this system sees it; the simulator's address, or the one GHL_API_URL names. */
  simulatorUrl: string;
  admin: { email: string; password: string };
  /** Stops everything in the order of need: who takes work first, the database last. Safe to call twice. */
  stop(): Promise<void>;
}

/** API and worker in one process: the in-process wake-ups of a system without Redis reach the processors this way. */
@Module({})
class SystemModule {
  static register(config: AppConfig): DynamicModule {
    return { module: SystemModule, imports: [ApiModule.register(config), WorkerModule.register(config)] };
  }
}

/**
 * Starts everything on embedded defaults: PostgreSQL unless DATABASE_URL is set, the simulator unless GHL_API_URL is.
 * What had started is stopped again when a later part fails.
 * @throws PortTaken, ConfigError, and what EmbeddedPostgres throws when another copy holds the data directory
 */
export async function startSystem(env: Environment): Promise<System> {
  const stops: (() => Promise<void>)[] = [];
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= stopInReverse(stops));
  try {
    return { ...(await startParts(env, (part) => stops.push(part))), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(
  env: Environment,
  onStop: (stop: () => Promise<void>) => void,
): Promise<Omit<System, 'stop'>> {
  const dataDir = env['DATA_DIR'] ?? '.data';
  const simulatorPort = Number(env['SIMULATOR_PORT'] ?? 3001);
  const apiPort = Number(env['PORT'] ?? 3000);
  await assertPortFree('PORT', apiPort);
  if (!env['GHL_API_URL']) await assertPortFree('SIMULATOR_PORT', simulatorPort);

  const databaseUrl = env['DATABASE_URL'] ?? (await startDatabase(dataDir, onStop));
  const secrets = embeddedSecrets(dataDir);
  const simulator = env['GHL_API_URL']
    ? undefined
    : await startSimulator(
        {
          dataDir,
          port: simulatorPort,
          apiPort,
          clientSecret: secrets['GHL_CLIENT_SECRET'] ?? '',
          sharedSecret: secrets['GHL_SHARED_SECRET'] ?? '',
        },
        onStop,
      );
  const config = loadConfig(
    embeddedEnvironment(env, {
      databaseUrl,
      simulatorUrl: simulator?.url ?? '',
      simulatorPublicKey: simulator?.publicKeyPem ?? '',
      secrets,
    }),
  );

  await runMigrations(config.databaseUrl);
  await seedWhenEmpty(config);
  if (simulator) addDemoStaff(simulator, config.demo.adminEmail);
  const app = await createHttpApp(SystemModule.register(config), config);
  onStop(() => app.close());
  await listen(app, config);
  return {
    apiUrl: `http://${config.host}:${config.port}`,
    simulatorUrl: config.ghl.apiUrl,
    admin: { email: config.demo.adminEmail, password: config.demo.adminPassword },
  };
}

async function startDatabase(dataDir: string, onStop: (stop: () => Promise<void>) => void): Promise<string> {
  const postgres = new EmbeddedPostgres({ dataDir });
  onStop(() => postgres.stop());
  return (await postgres.start()).url;
}

async function startSimulator(
  options: { dataDir: string; port: number; apiPort: number; clientSecret: string; sharedSecret: string },
  onStop: (stop: () => Promise<void>) => void,
): Promise<Simulator> {
  const simulator = await createSimulator({
    clientId: EMBEDDED_CLIENT_ID,
    clientSecret: options.clientSecret,
    sharedSecret: options.sharedSecret,
    dataDir: options.dataDir,
    webhookUrl: `http://127.0.0.1:${options.apiPort}/webhooks/ghl`,
    customPageUrl: `http://127.0.0.1:${options.apiPort}/ghl/sso`,
  });
  onStop(() => simulator.close());
  await simulator.listen(options.port);
  return simulator;
}

/** The demo accounts go into a database of our own only: one that already has an account is somebody's DeskFlow. */
async function seedWhenEmpty(config: AppConfig): Promise<void> {
  const source = await new DataSource(dataSourceOptions(config.databaseUrl)).initialize();
  try {
    const [{ used }] = await source.query<[{ used: boolean }]>(
      'select exists (select 1 from accounts) as used',
    );
    if (!used) await seedDemo(source, config.demo);
  } finally {
    await source.destroy();
  }
}

async function listen(app: INestApplication, config: AppConfig): Promise<void> {
  await app.listen(config.port, config.host);
}

async function stopInReverse(stops: readonly (() => Promise<void>)[]): Promise<void> {
  for (const stop of stops.toReversed()) await stop();
}
