import { type AgencyLocation } from '#libs/integrations';
import { type LandingName } from './landing-address.js';
import { escapeHtml, pageOf, pagePolicy, sentenceFor } from './page.js';

export const LOCATION_CHOICE_CSP = pagePolicy('self');

/** Fields of the form that name a location begin with this, so that each has a name of its own. */
const LOCATION_FIELD = 'location.';

/** Which part of the agency's locations the page shows. */
export interface Shown {
  readonly page: LandingName;
  readonly companyId: string;
  readonly search: string;
  readonly offset: number;
}

interface Choice extends Shown {
  readonly locations: readonly AgencyLocation[];
  /** `offset` of the next part; null on the last. */
  readonly nextOffset: number | null;
  readonly formToken: string;
  /** What has just been done, or what went wrong. */
  readonly notice: Notice | undefined;
}

export interface Notice {
  readonly isAlert: boolean;
  /** `{crm}` is the product's name on this page. */
  readonly sentences: readonly string[];
}

/** Ids of the locations that were ticked in a form as it came; anybody can send anything. */
export function chosenLocations(form: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(form)
    .filter((name) => name.startsWith(LOCATION_FIELD))
    .map((name) => name.slice(LOCATION_FIELD.length))
    .filter((id) => /^[\w-]{1,100}$/.test(id));
}

/** Lets an administrator choose which of the agency's locations join the account. Works without scripts. */
export function locationChoicePage(choice: Choice): string {
  const { page, search, locations, formToken, notice } = choice;
  return pageOf(
    'Choose locations',
    [
      notice ? noticeOf(page, notice) : '',
      `<p>${sentenceFor(page, 'The agency authorized the app. Contacts are synced with the locations that you connect here.')}</p>`,
      searchForm(choice),
      locations.length === 0
        ? `<p>${search === '' ? 'The agency has no locations.' : 'No location has this in its name.'}</p>`
        : `<form method="post" action="?${addressOf(choice, choice.offset)}">
<input type="hidden" name="form_token" value="${escapeHtml(formToken)}">
<ul>
${locations.map(itemOf).join('\n')}
</ul>
<button>Connect the chosen ones</button>
</form>`,
      pagesOf(choice),
    ]
      .filter((part) => part !== '')
      .join('\n'),
  );
}

/** Where there is nothing to choose from, as the agency's locations cannot be read. */
export function noChoicePage(page: LandingName, notice: Notice): string {
  return pageOf('Choose locations', `${noticeOf(page, notice)}\n<p><a href="">Try again</a></p>`);
}

function noticeOf(page: LandingName, { isAlert, sentences }: Notice): string {
  const paragraphs = sentences.map((sentence) => `<p>${sentenceFor(page, sentence)}</p>`);
  return `<div role="${isAlert ? 'alert' : 'status'}">${paragraphs.join('')}</div>`;
}

function searchForm({ companyId, search }: Shown): string {
  return `<form method="get" role="search">
<input type="hidden" name="agency" value="${escapeHtml(companyId)}">
<label>Name <input type="search" name="q" maxlength="100" value="${escapeHtml(search)}"></label>
<button>Search</button>
</form>`;
}

function itemOf(location: AgencyLocation): string {
  const name = escapeHtml(location.name ?? location.locationId);
  const address = location.address === null ? '' : `<small>${escapeHtml(location.address)}</small>`;
  const obstacle = obstacleOf(location);
  if (obstacle !== undefined) return `<li>${name} – ${obstacle}${address}</li>`;
  const field = escapeHtml(LOCATION_FIELD + location.locationId);
  return `<li><label><input type="checkbox" name="${field}" value="1"> ${name}</label>${address}</li>`;
}

function obstacleOf({ connected, heldBy, installed }: AgencyLocation): string | undefined {
  if (connected) return 'connected';
  if (heldBy === 'another_account') return 'connected to another account';
  return installed ? undefined : 'the app is not installed there';
}

function pagesOf(choice: Choice): string {
  const { offset, nextOffset, locations } = choice;
  const links = [
    offset > 0 ? `<a href="?${addressOf(choice, 0)}">First</a>` : '',
    nextOffset !== null && locations.length > 0 ? `<a href="?${addressOf(choice, nextOffset)}">Next</a>` : '',
  ].filter((link) => link !== '');
  return links.length > 0 ? `<nav aria-label="Pages">${links.join('\n')}</nav>` : '';
}

function addressOf({ companyId, search }: Shown, offset: number): string {
  const query = new URLSearchParams({ agency: companyId });
  if (search !== '') query.set('q', search);
  if (offset > 0) query.set('offset', String(offset));
  return escapeHtml(query.toString());
}
