/** HighLevel's frame around the app's page: who is signed in and where, and the answer when the page asks (HL 8.1). */

import { controlApi } from './control-api.mjs';
import { attempt, byId, element, options, timeOf } from './dom.mjs';

const { addEventListener, history, location, URLSearchParams } = globalThis;

const AGENCY_VIEW = ['', 'Agency view, in no location'];

let users;
let locations;
let pageUrl;
let frame;

const chosenUser = () => users.find(({ id }) => id === byId('user').value);

/** Selects what is wanted, or the first where that cannot be chosen. */
function choose(select, entries, wanted) {
  options(select, entries);
  if (entries.some(([value]) => value === wanted)) select.value = wanted;
}

function showUsers(wanted) {
  const nameOfLocation = (id) => locations.find((one) => one.id === id)?.name;
  const entryOf = ({ id, name, role, type, locationIds }) => {
    const where = type === 'agency' ? 'agency' : locationIds.map(nameOfLocation).join(', ');
    return [id, `${name} (${role}, ${where})`];
  };
  choose(byId('user'), users.map(entryOf), wanted);
}

/** An agency's users are everywhere, others in their locations. */
function showPlaces(wanted) {
  const { type, locationIds } = chosenUser();
  const isAgency = type === 'agency';
  const open = locations.filter(({ id }) => isAgency || locationIds.includes(id));
  const entries = open.map(({ id, name }) => [id, name]);
  choose(byId('place'), isAgency ? [...entries, AGENCY_VIEW] : entries, wanted);
}

/** A new frame, so that nothing of the choice before it is left; the address keeps the choice over a reload. */
function showFrame() {
  const choice = new URLSearchParams({ user: byId('user').value, location: byId('place').value });
  history.replaceState(null, '', `?${choice}`);
  byId('asked').textContent = 'The page has not asked yet.';
  frame = element('iframe', { title: "The app's page", src: pageUrl });
  byId('frame').replaceChildren(frame);
}

/** Only the page in the frame is answered; whoever else sends messages here learns nothing. */
async function answer({ source, data }) {
  if (!frame || source !== frame.contentWindow || data?.message !== 'REQUEST_USER_DATA') return;
  const payload = await controlApi.userContext(byId('user').value, byId('place').value || undefined);
  source.postMessage({ message: 'REQUEST_USER_DATA_RESPONSE', payload }, new URL(pageUrl).origin);
  byId('asked').textContent = `The page has asked, and was answered at ${timeOf(new Date())}.`;
}

addEventListener('message', (event) => attempt(() => answer(event)));
byId('user').addEventListener('change', () => {
  showPlaces(byId('place').value);
  showFrame();
});
byId('place').addEventListener('change', showFrame);

await attempt(async () => {
  ({ customPageUrl: pageUrl } = await controlApi.settings());
  byId('missing').hidden = pageUrl !== null;
  byId('choice').hidden = pageUrl === null;
  if (pageUrl === null) return;
  [users, locations] = await Promise.all([controlApi.users(), controlApi.locations()]);
  const wanted = new URLSearchParams(location.search);
  showUsers(wanted.get('user'));
  showPlaces(wanted.get('location'));
  showFrame();
});
