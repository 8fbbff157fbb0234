import { createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { type INestApplicationContext } from '@nestjs/common';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type DataSource } from 'typeorm';
import { freePort } from '#apps/standalone/free-port.js';
import { type AppConfig, loadConfig } from '#libs/config';
import { QueueModule } from '#libs/queue';
import {
  DeliveryFiling,
  DeliveryFilingModule,
  InboundProcessor,
  WebhooksModule,
  WebhooksWorkerModule,
  WorkSweeper,
} from '#libs/webhooks';
import { empty } from '../harness/empty.js';
import { startContext, startHttp } from '../harness/service.js';

export const LOCATION = 'Loc0InventedSubacc01';
export const COMPANY = 'Cmp0InventedAgency01';
export const APP = '6a10c0ffee5ca1ab1e000001';
export const SECRET = 'shared-secret-of-these-tests';

const ed25519 = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** One way to sign a body, as the headers it makes. */
export const SIGNATURES = {
  ed25519: (body: Buffer) => ({ 'x-ghl-signature': sign(null, body, ed25519.privateKey).toString('base64') }),
  hmacHex: (body: Buffer) => ({ 'x-ghl-signature': createHmac('sha256', SECRET).update(body).digest('hex') }),
  hmacBase64: (body: Buffer) => ({
    'x-ghl-signature': createHmac('sha256', SECRET).update(body).digest('base64'),
  }),
  rsa: (body: Buffer) => ({ 'x-wh-signature': sign('sha256', body, rsa.privateKey).toString('base64') }),
} satisfies Record<string, (body: Buffer) => Record<string, string>>;

export interface InboxRow {
  id: number;
  delivery_key: string;
  type: string;
  account_id: number | null;
  hook_id: number | null;
  state: string;
  reason: string | null;
  attempts: number;
  last_error: string | null;
  body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** @param env what differs from a service with all three schemes */
export function webhookConfig(
  databaseUrl: string,
  port: number,
  env: Record<string, string> = {},
): AppConfig {
  const pem = { type: 'spki', format: 'pem' } as const;
  return loadConfig({
    NODE_ENV: 'test',
    DATABASE_URL: databaseUrl,
    PORT: String(port),
    GHL_API_URL: 'http://127.0.0.1:1',
    GHL_CLIENT_ID: `${APP}-k3yab12c`,
    GHL_CLIENT_SECRET: 'secret-of-the-app',
    GHL_WEBHOOK_SECRET: SECRET,
    GHL_WEBHOOK_PUBLIC_KEYS: ed25519.publicKey.export(pem).toString(),
    GHL_LEGACY_WEBHOOK_PUBLIC_KEYS: rsa.publicKey.export(pem).toString(),
    ...env,
  });
}

/** A process that takes webhooks in, files them, and applies none: nobody provides a processor of hooks. */
export class Intake {
  private constructor(
    private readonly app: NestFastifyApplication,
    readonly url: string,
    private readonly files: boolean,
  ) {}

  /** @param files false for a process that leaves what it takes in to somebody else */
  static async start(
    databaseUrl: string,
    env: Record<string, string> = {},
    { files = true }: { files?: boolean } = {},
  ): Promise<Intake> {
    const port = await freePort();
    const config = webhookConfig(databaseUrl, port, env);
    const app = await startHttp(config, [
      QueueModule.register(config),
      WebhooksModule,
      ...(files ? [DeliveryFilingModule] : []),
    ]);
    return new Intake(app, `http://127.0.0.1:${port}`, files);
  }

  stop(): Promise<void> {
    return this.app.close();
  }

  /** Delivers a body as it is, signed by default as HighLevel signs. What is accepted is filed when this resolves. */
  async deliver(
    event: object | string | Buffer,
    {
      headers = SIGNATURES.ed25519,
      path = '/webhooks/ghl',
      also = {},
    }: {
      headers?: (body: Buffer) => Record<string, string>;
      path?: string;
      also?: Record<string, string>;
    } = {},
  ): Promise<Answer> {
    const body = Buffer.isBuffer(event)
      ? event
      : Buffer.from(typeof event === 'string' ? event : JSON.stringify(event));
    const response = await fetch(this.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers(body), ...also },
      body: new Uint8Array(body),
    });
    if (response.ok && this.files) await this.app.get(DeliveryFiling, { strict: false }).work();
    return { status: response.status, headers: response.headers, body: await response.json() };
  }
}

/** A process that files what was taken in, when a test says so, and applies none of it. */
export class Filer {
  private constructor(private readonly app: INestApplicationContext) {}

  static async start(databaseUrl: string): Promise<Filer> {
    const config = webhookConfig(databaseUrl, 0);
    return new Filer(await startContext(config, [QueueModule.register(config), DeliveryFilingModule]));
  }

  async file(): Promise<void> {
    await this.app.get(DeliveryFiling, { strict: false }).work();
  }

  /** What it does every second. */
  async look(): Promise<void> {
    await this.app.get(DeliveryFiling, { strict: false }).workOnSchedule();
  }

  stop(): Promise<void> {
    return this.app.close();
  }
}

/** A process that applies what is in the inbox, when a test says so. */
export class Worker {
  private constructor(private readonly app: INestApplicationContext) {}

  static async start(databaseUrl: string): Promise<Worker> {
    const config = webhookConfig(databaseUrl, 0);
    return new Worker(await startContext(config, [QueueModule.register(config), WebhooksWorkerModule]));
  }

  get<Provider>(provider: new (...dependencies: never[]) => Provider): Provider {
    return this.app.get(provider, { strict: false });
  }

  async work(hookId: number): Promise<void> {
    await this.get(InboundProcessor).work({ data: { hookId } });
  }

  async sweep(): Promise<void> {
    await this.get(WorkSweeper).sweep();
  }

  stop(): Promise<void> {
    return this.app.close();
  }
}

/** An account that is connected to a location, as far as the inbox is concerned. @returns the hook's id */
export async function connectedHook(
  source: DataSource,
  {
    accountId = 1,
    locationId = LOCATION,
    installedAt = new Date('2026-11-01'),
    enabled = true,
    isDefault = true,
  } = {},
): Promise<number> {
  await source.query(
    `insert into accounts (id, name, created_at, updated_at) values ($1, 'Acme', now(), now()) on conflict do nothing`,
    [accountId],
  );
  const [{ id }] = await source.query<[{ id: number }]>(
    `insert into integrations_hooks (account_id, app_id, reference_id, access_token, status, settings, created_at, updated_at)
     values ($1, 'gohighlevel', $2, 'token', $3, $4, now(), now()) returning id`,
    [
      accountId,
      locationId,
      enabled ? 1 : 0,
      { location_id: locationId, company_id: COMPANY, refresh_token: 'r' },
    ],
  );
  await source.query(
    `insert into ghl.connections (hook_id, account_id, country, installed_at, is_default) values ($1, $2, 'US', $3, $4)`,
    [id, accountId, installedAt, isDefault],
  );
  return id;
}

export async function inboxRows(source: DataSource): Promise<InboxRow[]> {
  return source.query<InboxRow[]>('select * from ghl.inbox order by id');
}

export async function forgetEverything(source: DataSource): Promise<void> {
  await empty(
    source,
    [
      'ghl.intake_journal',
      'ghl.inbox',
      'ghl.outbox',
      'ghl.contact_links',
      'ghl.connections',
      'ghl.agencies',
      'integrations_hooks',
      'contacts',
    ],
    'restart identity',
  );
}

/** An event of a contact with a delivery id of its own. */
export function contactEvent(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    type: 'ContactCreate',
    locationId: LOCATION,
    id: 'Con0InventedPerson01',
    firstName: 'Mara',
    lastName: 'Quill',
    email: 'mara@example.test',
    timestamp: '2026-11-18T09:40:12.020Z',
    webhookId: randomUUID(),
    ...changes,
  };
}

/** PostgreSQL itself makes trouble: what it says is in the contact's first name. */
export const TROUBLE = `
  create function make_trouble() returns trigger language plpgsql as $$
  begin
    if new.name like 'SQLSTATE %' then
      raise exception 'trouble' using errcode = substring(new.name from 10 for 5);
    end if;
    return new;
  end $$;
  create trigger make_trouble before insert or update on contacts for each row execute function make_trouble()`;
