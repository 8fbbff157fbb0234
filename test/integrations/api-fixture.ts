import { type DynamicModule, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { freePort } from '#apps/standalone/free-port.js';
import { AuthModule } from '#libs/auth';
import { type AppConfig, ConfigModule } from '#libs/config';
import { dataSourceOptions, seedDemo } from '#libs/database';
import { configureApp, createFastifyAdapter } from '#libs/http';
import { Hooks, IntegrationsModule } from '#libs/integrations';
import { createLogger } from '#libs/logging';
import { OAuthModule } from '#libs/oauth';
import { PoolModule } from '../harness/service.js';
import { type ConnectionFixture } from './connection-fixture.js';

type ModuleImports = NonNullable<DynamicModule['imports']>;

/** DeskFlow's own address: another origin than this service's. */
export const FRONTEND_URL = 'https://desk.example.test';

/** The first account has an administrator and an agent, the second an administrator of its own. */
export const ACCOUNT = 1;
export const OTHER_ACCOUNT = 2;
export type Person = 'admin' | 'agent' | 'stranger';
const EMAILS: Readonly<Record<Person, string>> = {
  admin: 'admin@example.com',
  agent: 'agent@example.com',
  stranger: 'admin@globex.example.com',
};

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Empty where the answer is no JSON object. */
  readonly body: Record<string, unknown>;
}

export interface Call {
  /** Whose token is sent; nobody's when left out. */
  readonly as?: Person;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** The people of the demo accounts, with the token each of them calls with. */
export class People {
  private constructor(private readonly tokens: ReadonlyMap<string, string>) {}

  /** Call once a database. */
  static async seed(source: DataSource): Promise<People> {
    await seedDemo(source, { adminEmail: EMAILS.admin, adminPassword: 'Password1!' });
    const rows = await source.query<{ email: string; token: string }[]>(
      `select u.email, t.token from users u join access_tokens t on t.owner_id = u.id and t.owner_type = 'User'`,
    );
    return new People(new Map(rows.map(({ email, token }) => [email, token])));
  }

  token(person: Person): string {
    return this.tokens.get(EMAILS[person]) ?? '';
  }
}

/** Nest has one logger for all applications of a process, so there is one log for all of a test file. */
let lines: string[] = [];
const sink = { write: (line: string): void => void lines.push(line) };

/** What was logged since this was read last. */
export function takeLog(): string {
  const log = lines.join('');
  lines = [];
  return log;
}

/** This service over HTTP, on a port of its own, with the most talkative log there is. */
export class ApiFixture {
  private constructor(
    private readonly app: NestFastifyApplication,
    private readonly people: People,
    readonly config: AppConfig,
  ) {}

  /** @param alsoRuns what this process does besides, for example the work on webhooks */
  static async start(
    fixture: ConnectionFixture,
    people: People,
    env: Record<string, string> = {},
    alsoRuns: (config: AppConfig) => ModuleImports = () => [],
  ): Promise<ApiFixture> {
    const port = await freePort();
    const config = fixture.config({
      PORT: String(port),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      FRONTEND_URL,
      LOG_LEVEL: 'trace',
      ...env,
    });
    const source = await new DataSource(dataSourceOptions(config.databaseUrl)).initialize();
    Logger.overrideLogger(createLogger({ logLevel: 'trace', isProduction: true }, sink));
    const app = await NestFactory.create<NestFastifyApplication>(
      ApiModule.on(config, source, alsoRuns(config)),
      createFastifyAdapter(config),
    );
    configureApp(app, config);
    await app.listen(port, '127.0.0.1');
    return new ApiFixture(app, people, config);
  }

  get url(): string {
    return this.config.publicUrl;
  }

  /** What `call` sends. */
  tokenOf(person: Person): string {
    return this.people.token(person);
  }

  get hooks(): Hooks {
    return this.app.get(Hooks);
  }

  async stop(): Promise<void> {
    await this.app.close();
  }

  async call(method: string, path: string, { as, headers = {}, body }: Call = {}): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(as && { api_access_token: this.tokenOf(as) }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: jsonOf(text) };
  }
}

@Module({})
class ApiModule {
  static on(config: AppConfig, source: DataSource, others: ModuleImports): DynamicModule {
    return {
      module: ApiModule,
      imports: [
        ConfigModule.register(config),
        PoolModule.of(source),
        AuthModule,
        IntegrationsModule,
        OAuthModule,
        ...others,
      ],
    };
  }
}

function jsonOf(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
