import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { freePort } from '#apps/standalone/free-port.js';
import { AuthModule } from '#libs/auth';
import { loadConfig } from '#libs/config';
import { ContactsModule } from '#libs/contacts';
import { seedDemo } from '#libs/database';
import { type TestDatabase } from '../harness/database.js';
import { startHttp } from '../harness/service.js';

export interface Answer {
  readonly status: number;
  readonly body: {
    payload?: unknown;
    meta?: { count: number; current_page: unknown };
    message?: string;
    attributes?: string[];
    code?: string;
    error?: string;
  };
}

export type Json = Record<string, unknown>;

export interface Caller {
  readonly as?: string;
  readonly account?: number;
}

/** The administrator of the second account. */
export const STRANGER = { as: 'admin@globex.example.com', account: 2 };
export const ADMIN = { as: 'admin@example.com' };

/** The contact endpoints over HTTP, called by an agent of the first account unless somebody else is named. */
export class ContactsApi {
  private app: NestFastifyApplication | undefined;
  private url = '';
  private tokens: ReadonlyMap<string, string> = new Map();

  async start(database: TestDatabase): Promise<void> {
    await seedDemo(database.source, { adminEmail: ADMIN.as, adminPassword: 'Password1!' });
    const rows = await database.query<{ email: string; token: string }>(
      `select u.email, t.token from access_tokens t join users u on u.id = t.owner_id and t.owner_type = 'User'`,
    );
    this.tokens = new Map(rows.map(({ email, token }) => [email, token]));
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}/api/v1/accounts`;
    const config = loadConfig({ NODE_ENV: 'test', DATABASE_URL: database.url, PORT: String(port) });
    this.app = await startHttp(config, [AuthModule, ContactsModule]);
  }

  async stop(): Promise<void> {
    await this.app?.close();
  }

  /** @param body a string is sent as it is */
  async call(
    method: string,
    path: string,
    body?: Json | string,
    { as = 'agent@example.com', account = 1 }: Caller = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.url}/${account}/contacts${path}`, {
      method,
      headers: {
        api_access_token: this.tokens.get(as) ?? '',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: typeof body === 'object' ? JSON.stringify(body) : body,
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Answer['body']) };
  }

  /** @throws Error when it is refused */
  async create(contact: Json, caller?: Caller): Promise<Json & { id: number }> {
    const { status, body } = await this.call('POST', '', contact, caller);
    if (status !== 200) throw new Error(`not created: ${status} ${body.error ?? ''}`);
    return (body.payload as { contact: Json & { id: number } }).contact;
  }
}
