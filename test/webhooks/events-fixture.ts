import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { freePort } from '#apps/standalone/free-port.js';
import { AuditHttpModule } from '#libs/audit';
import { AuthModule } from '#libs/auth';
import { QueueModule } from '#libs/queue';
import { EventsModule } from '#libs/webhooks';
import { type TestDatabase } from '../harness/database.js';
import { startHttp } from '../harness/service.js';
import { People, type Person } from '../integrations/api-fixture.js';
import { LOCATION, webhookConfig } from './webhook-fixture.js';

export interface ShownEvent {
  readonly id: number;
  readonly type: string;
  readonly state: string;
  readonly reason: string | null;
  readonly entity: string | null;
  readonly location_id: string | null;
  readonly payload_format: string;
  readonly payload: unknown;
  readonly failed_attempts: readonly Record<string, unknown>[];
}

interface Meta {
  readonly next_before: number | null;
}

/** What the answers of all routes of events may hold. */
export interface EventsBody<Payload = ShownEvent> {
  readonly payload: Payload;
  readonly meta: Meta;
  readonly outcome?: string;
  readonly changed?: number;
  readonly unchanged?: number;
  readonly refused?: Record<string, number>;
  readonly next_after?: number | null;
  readonly code?: string;
  readonly error?: string;
  readonly attributes?: string[];
  readonly details?: Record<string, unknown>;
}

export interface EventsAnswer<Payload = ShownEvent> {
  readonly status: number;
  readonly body: EventsBody<Payload>;
}

interface Caller {
  readonly as?: Person;
  readonly account?: number;
}

/** The API that administrators look at events with. */
export class EventsApi {
  private constructor(
    private readonly app: NestFastifyApplication,
    private readonly people: People,
    private readonly url: string,
    readonly adminId: number,
  ) {}

  /** Seeds the demo's people. */
  static async start(database: TestDatabase): Promise<EventsApi> {
    const people = await People.seed(database.source);
    const port = await freePort();
    const config = webhookConfig(database.url, port);
    const modules = [QueueModule.register(config), AuthModule, AuditHttpModule, EventsModule];
    const app = await startHttp(config, modules);
    const [admin] = await database.query<{ id: number }>(
      `select id from users where email = 'admin@example.com'`,
    );
    return new EventsApi(app, people, `http://127.0.0.1:${port}`, admin?.id ?? 0);
  }

  stop(): Promise<void> {
    return this.app.close();
  }

  list(query = '', caller: Caller = {}): Promise<EventsAnswer<ShownEvent[]>> {
    return this.call<ShownEvent[]>('GET', query, undefined, caller);
  }

  show(id: number | string, caller: Caller = {}): Promise<EventsAnswer> {
    return this.call('GET', `/${id}`, undefined, caller);
  }

  /** @param path for example `/42/replay` or `/discard` */
  post(path: string, body?: unknown, caller: Caller = {}): Promise<EventsAnswer> {
    return this.call('POST', path, body, caller);
  }

  private async call<Payload = ShownEvent>(
    method: string,
    path: string,
    body: unknown,
    { as = 'admin', account = 1 }: Caller,
  ): Promise<EventsAnswer<Payload>> {
    const response = await fetch(`${this.url}/api/v1/accounts/${account}/integrations/ghl/events${path}`, {
      method,
      headers: {
        api_access_token: this.people.token(as),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as EventsBody<Payload> };
  }
}

interface Stored {
  readonly accountId?: number;
  readonly type?: string;
  readonly state?: string;
  readonly reason?: string | null;
  readonly entity?: string | null;
  readonly location?: string | null;
  readonly receivedAt?: string;
  readonly eventAt?: string | null;
  readonly body?: Buffer | string | null;
  readonly rows?: number;
}

/** Puts events into the inbox as they are when this begins. @returns the id of the last one */
export async function storeEvents(
  database: TestDatabase,
  {
    accountId = 1,
    type = 'ContactUpdate',
    state = 'dead',
    reason = null,
    entity = 'contact:Con0InventedPerson01',
    location = LOCATION,
    receivedAt = '2026-11-18T09:40:12.020Z',
    eventAt = null,
    body = '{}',
    rows = 1,
  }: Stored = {},
): Promise<number> {
  const [last] = await database.query<{ id: number }>(
    `with stored as (
       insert into ghl.inbox (delivery_key, account_id, hook_id, type, state, reason, entity_key, location_id, received_at,
                              event_at, body, finished_at, lease_until, next_attempt_at)
       select 'webhook:' || gen_random_uuid(), $1, 1, $2, $3, $4, $5, $6, $7, $8, $9,
              case when $3 in ('done', 'ignored', 'dead') then now() end,
              case when $3 = 'processing' then now() + interval '1 minute' end, now() + interval '1 hour'
         from generate_series(1, $10) returning id)
     select max(id) as id from stored`,
    [
      accountId,
      type,
      state,
      reason,
      entity,
      location,
      receivedAt,
      eventAt,
      typeof body === 'string' ? Buffer.from(body) : body,
      rows,
    ],
  );
  return last?.id ?? 0;
}
