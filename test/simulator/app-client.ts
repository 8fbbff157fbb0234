import { type Simulator } from '#apps/simulator/simulator.js';

export const EVERY_SCOPE = [
  'contacts.readonly',
  'contacts.write',
  'locations.readonly',
  'locations/customFields.readonly',
  'locations/tags.readonly',
  'users.readonly',
  'oauth.readonly',
  'oauth.write',
  'marketplace-installer-details.readonly',
].join(' ');

export const REDIRECT_URI = 'http://127.0.0.1:3000/crm/callback';

/** A contact in an answer; tests assert on the rest of it. */
export interface ContactBody {
  [member: string]: unknown;
  id: string;
  searchAfter?: unknown[];
}

/** The members that tests go on with. Which of them an answer has, they know; the rest they assert on. */
export interface AnswerBody {
  [member: string]: unknown;
  access_token: string;
  refresh_token: string;
  authorizationCode: string;
  /** Null where a duplicate search finds nothing. */
  contact: ContactBody;
  contacts: ContactBody[];
  total: number;
  meta: Record<string, string | number | null>;
  deliveries: { id: string }[];
}

export interface Answer {
  status: number;
  headers: Headers;
  body: AnswerBody;
}

type Fields = Record<string, string | string[]>;

/** The app as HighLevel sees it: the consent page in a browser, the token endpoint and the API. */
export class AppClient {
  accessToken = '';
  version: string | undefined = '2021-07-28';

  constructor(readonly simulator: Simulator) {}

  /** A client whose app is installed in the location, with its token. */
  static installed(simulator: Simulator, { location = 0, scope = EVERY_SCOPE } = {}): AppClient {
    const client = new AppClient(simulator);
    const locationId = simulator.locations[location]!.id;
    client.accessToken = String(simulator.install({ locationId, scope })['access_token']);
    return client;
  }

  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(this.simulator.url + path, {
      method,
      headers: {
        ...(this.accessToken && { authorization: `Bearer ${this.accessToken}` }),
        ...(this.version !== undefined && { version: this.version }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return answerOf(response);
  }

  /** Sends a form, as the OAuth calls want it. */
  async form(path: string, fields: Fields): Promise<Answer> {
    const response = await fetch(this.simulator.url + path, {
      method: 'POST',
      headers: this.accessToken ? { authorization: `Bearer ${this.accessToken}`, version: '2021-07-28' } : {},
      body: formOf(fields),
      redirect: 'manual',
    });
    return answerOf(response);
  }

  consentUrl(overrides: Record<string, string> = {}): string {
    const query = new URLSearchParams({ response_type: 'code', ...this.authorization(), ...overrides });
    return `${this.simulator.url}/v2/oauth/chooselocation?${query.toString()}`;
  }

  /** Submits the consent form. @returns where the browser is sent */
  async decide(fields: Fields): Promise<URL> {
    const { status, headers } = await this.form('/v2/oauth/chooselocation', {
      ...this.authorization(),
      ...fields,
    });
    if (status !== 302) throw new Error(`the consent page answered ${status}`);
    return new URL(headers.get('location') ?? '');
  }

  /** Approves and exchanges the code. */
  async authorize(fields: Fields): Promise<Answer> {
    const code = (await this.decide({ decision: 'approve', ...fields })).searchParams.get('code') ?? '';
    const answer = await this.exchange(code);
    this.accessToken = answer.body.access_token;
    return answer;
  }

  exchange(code: string, overrides: Fields = {}): Promise<Answer> {
    return this.token({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, ...overrides });
  }

  refresh(refreshToken: string): Promise<Answer> {
    return this.token({ grant_type: 'refresh_token', refresh_token: refreshToken, user_type: 'Location' });
  }

  token(fields: Fields): Promise<Answer> {
    const { clientId, clientSecret } = this.simulator;
    return this.form('/oauth/token', { client_id: clientId, client_secret: clientSecret, ...fields });
  }

  private authorization(): Record<string, string> {
    return {
      client_id: this.simulator.clientId,
      redirect_uri: REDIRECT_URI,
      scope: EVERY_SCOPE,
      state: 's-1',
    };
  }
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true && text !== '';
  const body = (isJson ? JSON.parse(text) : {}) as AnswerBody;
  return { status: response.status, headers: response.headers, body };
}

function formOf(fields: Fields): URLSearchParams {
  return new URLSearchParams(
    Object.entries(fields).flatMap(([name, value]) =>
      [value].flat().map((one): [string, string] => [name, one]),
    ),
  );
}
