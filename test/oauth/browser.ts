import { type ApiFixture, type Answer, type Person } from '../integrations/api-fixture.js';

/** What a person decides on HighLevel's consent page. */
export type Decision = { readonly location: string } | Agency | 'deny';

interface Agency {
  readonly agency: true;
  /** Locations that get the app at once; all of them unless named. */
  readonly approved?: readonly string[];
  /** Whether locations that are added later get it, too. */
  readonly andLaterOnes?: boolean;
}

/** Where a callback sent the browser. */
export interface Landing extends Answer {
  readonly target: URL;
}

/** An administrator's browser between DeskFlow, this service and HighLevel. */
export class Browser {
  constructor(
    private readonly api: ApiFixture,
    readonly person: Person = 'admin',
    readonly accountId = 1,
  ) {}

  /** The button in DeskFlow. @returns HighLevel's consent page */
  async start(): Promise<URL> {
    const path = `/api/v1/accounts/${this.accountId}/ghl/authorization`;
    const { status, body, text } = await this.api.call('POST', path, { as: this.person });
    if (status !== 200) throw new Error(`the authorization did not start: ${status} ${text}`);
    return new URL(String(body['url']));
  }

  /** Fills the consent page in. @returns the callback that HighLevel redirects to */
  async decide(consentPage: URL, decision: Decision): Promise<URL> {
    const form = new URLSearchParams(consentPage.search);
    form.set('decision', decision === 'deny' ? 'deny' : 'approve');
    if (decision !== 'deny') {
      if ('location' in decision) form.set('location_id', decision.location);
      else approveAgency(form, decision);
    }
    const answer = await fetch(consentPage.origin + consentPage.pathname, {
      method: 'POST',
      body: form,
      redirect: 'manual',
    });
    const location = answer.headers.get('location');
    if (location === null) throw new Error(`the consent page answered ${answer.status}`);
    return new URL(location);
  }

  async follow(callback: URL): Promise<Landing> {
    const answer = await this.api.call('GET', callback.pathname + callback.search);
    return { ...answer, target: new URL(answer.headers.get('location') ?? 'missing:') };
  }

  /** Start and consent. @returns the callback, not yet followed */
  async approve(decision: Decision): Promise<URL> {
    return this.decide(await this.start(), decision);
  }

  /** The whole way. */
  async connect(decision: Decision): Promise<Landing> {
    return this.follow(await this.approve(decision));
  }
}

function approveAgency(form: URLSearchParams, { approved = [], andLaterOnes = false }: Agency): void {
  form.set('install_as', 'company');
  for (const id of approved) form.append('approved_location', id);
  form.set('install_to_future_locations', String(andLaterOnes));
}
