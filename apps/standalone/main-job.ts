import { setTimeout as sleep } from 'node:timers/promises';
import { approveConsent } from './consent.js';

/** Where the two sides answer and who may sign in. */
export interface DemoTarget {
  apiUrl: string;
  simulatorUrl: string;
  admin: { email: string; password: string };
}

/** "Within seconds" is the promise; a step that takes longer has failed. */
const SETTLE_MS = 10_000;
const POLL_MS = 100;

type Json = Record<string, unknown>;

/**
 * The main job, step by step, as an administrator's browser and HighLevel would play it over HTTP.
 * Each step throws when what came back is not what the product promises.
 */
export class MainJob {
  private steps = 0;

  constructor(
    private readonly target: DemoTarget,
    private readonly print: (line: string) => void,
  ) {}

  /**
   * @returns how many steps were verified
   * @throws Error naming the first step that did not hold, and what came back instead
   */
  async play(): Promise<number> {
    const session = await this.step('sign in as the demo administrator', () => this.signIn());
    const api = new AccountApi(this.target.apiUrl, session);

    const consentUrl = await this.step('ask for the authorization URL', async () => {
      const answer = await api.call('POST', '/ghl/authorization');
      return { said: new URL(String(answer['url'])).pathname, value: String(answer['url']) };
    });
    const callbackUrl = await this.step("approve on HighLevel's consent page", async () => {
      const { locationId, callbackUrl: target } = await approveConsent(consentUrl);
      return { said: `location ${locationId}, 302 to ${new URL(target).pathname}`, value: target };
    });
    await this.step('follow the redirect to the callback', () => this.followCallback(callbackUrl));
    const locationId = await this.step('status says connected', async () => {
      const status = await api.call('GET', '/integrations/ghl/status');
      expect(status['connected'] === true, `connected, got ${JSON.stringify(status)}`);
      return {
        said: `${String(status['location_name'])} (${String(status['location_id'])})`,
        value: String(status['location_id']),
      };
    });

    const inHighLevel = new SimulatorContacts(this.target.simulatorUrl, locationId);
    await this.fromHighLevel(api, inHighLevel);
    await this.fromDeskFlow(api, inHighLevel);

    await this.step('refresh the tokens', async () => {
      const before = await api.call('GET', '/integrations/ghl/status');
      const after = await api.call('POST', '/integrations/ghl/refresh');
      const expiries = [before['expires_at'], after['expires_at']].map(String);
      expect(expiries[0] !== expiries[1], `a new expiry, got ${expiries.join(' → ')}`);
      return { said: expiries.join(' → ') };
    });
    await this.step('disconnect', async () => {
      await api.call('DELETE', '/integrations/ghl');
      const status = await api.call('GET', '/integrations/ghl/status');
      expect(status['connected'] === false, `not connected, got ${JSON.stringify(status)}`);
      return { said: 'connected: false' };
    });
    return this.steps;
  }

  private async fromHighLevel(api: AccountApi, inHighLevel: SimulatorContacts): Promise<void> {
    const id = await this.step('a contact created in HighLevel appears in DeskFlow', async () => {
      const created = await inHighLevel.create({
        firstName: 'Demo',
        lastName: 'Arrival',
        email: 'demo.arrival@example.test',
        phone: '+14155550191',
        tags: ['newsletter'],
      });
      const contact = await eventually(
        () => api.findContact('demo.arrival@example.test'),
        () => true,
      );
      return { said: summary(contact), value: created };
    });
    await this.step('its change in HighLevel appears in DeskFlow', async () => {
      await inHighLevel.update(id, { lastName: 'Renamed' });
      const contact = await eventually(
        () => api.findContact('demo.arrival@example.test'),
        ({ name }) => name === 'Demo Renamed',
      );
      return { said: summary(contact) };
    });
    await this.step('its deletion in HighLevel archives it in DeskFlow', async () => {
      await inHighLevel.remove(id);
      const contact = await eventually(
        () => api.findContact('demo.arrival@example.test'),
        (found) => (found['custom_attributes'] as Json)['ghl_deleted'] === true,
      );
      return { said: `${summary(contact)}, ghl_deleted` };
    });
  }

  private async fromDeskFlow(api: AccountApi, inHighLevel: SimulatorContacts): Promise<void> {
    const id = await this.step('a contact created in DeskFlow appears in HighLevel', async () => {
      const answer = await api.call('POST', '/contacts', {
        name: 'Demo Departure',
        email: 'demo.departure@example.test',
        phone_number: '+14155550192',
      });
      const created = (answer['payload'] as { contact: Json }).contact;
      const contact = await eventually(
        () => inHighLevel.find('demo.departure@example.test'),
        () => true,
      );
      return { said: summary(contact), value: String(created['id']) };
    });
    await this.step('its change in DeskFlow appears in HighLevel', async () => {
      await api.call('PATCH', `/contacts/${id}`, { name: 'Demo Returned' });
      const contact = await eventually(
        () => inHighLevel.find('demo.departure@example.test'),
        (found) => found['lastName'] === 'Returned',
      );
      return { said: summary(contact) };
    });
  }

  private async signIn(): Promise<Step<Session>> {
    const response = await fetch(
      `${this.target.apiUrl}/auth/sign_in`,
      jsonRequest('POST', this.target.admin),
    );
    const { data } = (await response.json()) as {
      data?: { access_token: string; account_id: number; email: string };
    };
    if (!response.ok || !data) throw new Error(`expected a session, got ${response.status}`);
    return {
      said: `${data.email}, account ${data.account_id}`,
      value: { token: data.access_token, accountId: data.account_id },
    };
  }

  private async followCallback(url: string): Promise<Step<void>> {
    const response = await fetch(url, { redirect: 'manual' });
    const landing = response.headers.get('location') ?? '';
    expect(
      response.status === 302 && !landing.includes('error='),
      `a redirect without an error, got ${response.status} ${landing}`,
    );
    const page = await fetch(landing);
    expect(page.ok, `the landing page, got ${page.status}`);
    return { said: `302 to ${new URL(landing).pathname}`, value: undefined };
  }

  private async step<T>(what: string, act: () => Promise<Step<T>>): Promise<T> {
    const started = performance.now();
    const { said, value } = await act().catch((error: unknown) => {
      throw new Error(
        `step ${this.steps + 1}, ${what}: ${error instanceof Error ? error.message : String(error)}`,
      );
    });
    this.steps += 1;
    this.print(`✓ ${this.steps}. ${what}: ${said} (${Math.round(performance.now() - started)} ms)`);
    return value as T;
  }
}

interface Step<T> {
  /** What came back, in words. */
  said: string;
  value?: T;
}

interface Session {
  token: string;
  accountId: number;
}

/** DeskFlow's side, as its own frontend calls it. */
class AccountApi {
  constructor(
    private readonly apiUrl: string,
    private readonly session: Session,
  ) {}

  async call(method: string, path: string, body?: Json): Promise<Json> {
    const request = jsonRequest(method, body);
    const response = await fetch(`${this.apiUrl}/api/v1/accounts/${this.session.accountId}${path}`, {
      ...request,
      headers: { ...request.headers, api_access_token: this.session.token },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Json);
  }

  async findContact(email: string): Promise<Json | undefined> {
    const { payload } = await this.call('GET', `/contacts/search?q=${encodeURIComponent(email)}`);
    return (payload as Json[]).find((contact) => contact['email'] === email);
  }
}

/** HighLevel's side, as a person working there. */
class SimulatorContacts {
  private readonly url: string;

  constructor(simulatorUrl: string, locationId: string) {
    this.url = `${simulatorUrl}/_sim/locations/${locationId}/contacts`;
  }

  async create(contact: Json): Promise<string> {
    const answer = await this.call('POST', '', contact);
    return String((answer['contact'] as Json)['id']);
  }

  async update(id: string, changes: Json): Promise<void> {
    await this.call('PUT', `/${id}`, changes);
  }

  async remove(id: string): Promise<void> {
    await this.call('DELETE', `/${id}`);
  }

  async find(email: string): Promise<Json | undefined> {
    const { contacts } = await this.call('GET', `?query=${encodeURIComponent(email)}`);
    return (contacts as Json[]).find((contact) => contact['email'] === email);
  }

  private async call(method: string, path: string, body?: Json): Promise<Json> {
    const response = await fetch(this.url + path, jsonRequest(method, body));
    if (!response.ok) throw new Error(`simulator ${method} answered ${response.status}`);
    return (await response.json()) as Json;
  }
}

function jsonRequest(
  method: string,
  body?: object,
): { method: string; headers: Record<string, string>; body?: string } {
  if (body === undefined) return { method, headers: {} };
  return { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** Asks until the answer is there and holds, as a person looking at a list would. */
async function eventually(
  ask: () => Promise<Json | undefined>,
  holds: (found: Json) => boolean,
): Promise<Json> {
  const deadline = performance.now() + SETTLE_MS;
  let found: Json | undefined;
  do {
    found = await ask();
    if (found && holds(found)) return found;
    await sleep(POLL_MS);
  } while (performance.now() < deadline);
  throw new Error(`did not happen within ${SETTLE_MS / 1000} s; last seen: ${JSON.stringify(found ?? null)}`);
}

function expect(holds: boolean, expectation: string): asserts holds {
  if (!holds) throw new Error(`expected ${expectation}`);
}

function summary(contact: Json): string {
  const parts =
    contact['name'] === undefined ? [contact['firstName'], contact['lastName']] : [contact['name']];
  return `${parts.filter(Boolean).join(' ')} <${String(contact['email'])}>`;
}
