import { Injectable } from '@nestjs/common';
import { sameSecret } from '#libs/auth';
import { DomainError } from '#libs/errors';
import { AgencyLocations, type ConnectedLocation, MAX_CONNECTED_AT_ONCE } from '#libs/integrations';
import { Administrators } from './administrators.js';
import { LandingTickets, type Visitor } from './landing-tickets.js';
import {
  chosenLocations,
  locationChoicePage,
  noChoicePage,
  type Notice,
  type Shown,
} from './location-choice-page.js';

/** HighLevel's own default (HL 2.7); fewer than may be connected at once. */
const LOCATIONS_PER_PAGE = 20;

/** What a person can do about a failure, by its reason or code. `{crm}` is the product's name on the page. */
const ADVICE: ReadonlyMap<unknown, string> = new Map([
  [
    'scope_missing',
    'The agency has not granted access to its locations. Ask whoever runs this installation to add oauth.readonly and oauth.write to the scopes, and authorize again.',
  ],
  ['not_installed', 'The app is not installed there. Install it in {crm} and try again.'],
  ['location_not_active', 'It is not active in {crm} at the moment.'],
  ['location_already_connected', 'An administrator of another account has to disconnect it first.'],
  [
    'reauthorization_required',
    'The agency must authorize the app again. Start from the integration settings.',
  ],
  ['not_connected', 'The agency has not authorized the app for this account.'],
  ['highlevel_unavailable', '{crm} does not answer at the moment. Wait a moment and try again.'],
]);
const GENERIC_ADVICE = '{crm} refused it. Wait a moment and try again.';

const NOTHING_CHOSEN: Notice = { isAlert: true, sentences: ['Choose at least one location.'] };
const NOT_THIS_BROWSER: Notice = {
  isAlert: true,
  sentences: ['The form was not sent from this page. Choose again.'],
};
const TOO_MANY: Notice = {
  isAlert: true,
  sentences: [`Choose at most ${MAX_CONNECTED_AT_ONCE} locations at once.`],
};

/** After an agency's authorization: which of its locations join the account (HL 2.4). */
@Injectable()
export class LocationChoice {
  constructor(
    private readonly tickets: LandingTickets,
    private readonly administrators: Administrators,
    private readonly locations: AgencyLocations,
  ) {}

  /** @returns undefined for a browser that may not choose, or whose user has been taken the right to */
  async visitor(cookies: string | undefined, accountId: number): Promise<Visitor | undefined> {
    const visitor = await this.tickets.visitor(cookies, accountId);
    const mayChoose = visitor && (await this.administrators.includes(accountId, visitor.userId));
    return mayChoose ? visitor : undefined;
  }

  /** The page with the agency's locations. */
  async show(visitor: Visitor, shown: Shown, notice?: Notice): Promise<string> {
    try {
      const { offset, companyId, search } = shown;
      const { locations, count } = await this.locations.list(visitor.accountId, {
        companyId,
        offset,
        limit: LOCATIONS_PER_PAGE,
        ...(search !== '' && { query: search }),
      });
      const end = offset + locations.length;
      const isLast = locations.length < LOCATIONS_PER_PAGE || end === count;
      const { formToken } = visitor;
      return locationChoicePage({
        ...shown,
        locations,
        nextOffset: isLast ? null : end,
        formToken,
        notice,
      });
    } catch (error) {
      // What was connected a moment ago is told all the same.
      return noChoicePage(shown.page, {
        isAlert: true,
        sentences: [...(notice?.sentences ?? []), adviceOn(error)],
      });
    }
  }

  /** Connects what was ticked, and shows the page again with what became of it. */
  async connect(visitor: Visitor, shown: Shown, form: Readonly<Record<string, unknown>>): Promise<string> {
    return this.show(visitor, shown, await this.connectChosen(visitor, shown, form));
  }

  private async connectChosen(
    { accountId, userId, formToken }: Visitor,
    { companyId }: Shown,
    form: Readonly<Record<string, unknown>>,
  ): Promise<Notice> {
    const given = form['form_token'];
    if (typeof given !== 'string' || !sameSecret(given, formToken)) return NOT_THIS_BROWSER;
    const locationIds = chosenLocations(form);
    if (locationIds.length === 0) return NOTHING_CHOSEN;
    if (locationIds.length > MAX_CONNECTED_AT_ONCE) return TOO_MANY;
    try {
      const actor = { kind: 'user', userId } as const;
      return noticeOf(await this.locations.connect(accountId, { companyId, locationIds }, actor));
    } catch (error) {
      return { isAlert: true, sentences: [adviceOn(error)] };
    }
  }
}

function noticeOf(results: readonly ConnectedLocation[]): Notice {
  const connected = results.filter(({ hook }) => hook !== undefined).length;
  const failures = results.flatMap(({ locationId, error }) =>
    error ? [`The location ${locationId} was not connected. ${adviceOn(error)}`] : [],
  );
  const summary = connected === 1 ? '1 location connected.' : `${connected} locations connected.`;
  return { isAlert: failures.length > 0, sentences: [...(connected > 0 ? [summary] : []), ...failures] };
}

/** @throws the error itself where it is none of this service's own */
function adviceOn(error: unknown): string {
  if (!(error instanceof DomainError)) throw error;
  return ADVICE.get(error.fields['reason']) ?? ADVICE.get(error.code) ?? GENERIC_ADVICE;
}
