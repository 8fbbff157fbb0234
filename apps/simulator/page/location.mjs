/** Which location is played, and what becomes of the app's access to it. */

import { controlApi } from './control-api.mjs';
import { attempt, badge, byId, options } from './dom.mjs';

const { document } = globalThis;

let locations = [];
let shown = '';

/** The chosen one. */
export const location = () => locations.find(({ id }) => id === byId('location').value);

export async function showLocations() {
  locations = await controlApi.locations();
  const drawn = JSON.stringify(locations) + byId('location').value;
  if (drawn === shown) return;
  const chosen = byId('location').value;
  options(
    byId('location'),
    locations.map(({ id, name }) => [id, name]),
  );
  if (locations.some(({ id }) => id === chosen)) byId('location').value = chosen;
  const { id, active, isInstalled, timezone, allowDuplicateContact } = location();
  byId('location-badges').replaceChildren(
    active ? badge('good', 'Active') : badge('bad', 'Suspended'),
    isInstalled ? badge('good', 'App installed') : badge('busy', 'App not installed: no webhooks'),
  );
  byId('location-facts').textContent = [
    id,
    timezone,
    allowDuplicateContact
      ? 'two contacts may share an e-mail or phone'
      : 'no two contacts share an e-mail or phone',
  ].join(' · ');
  document.querySelector('[data-act="suspend"]').hidden = !active;
  document.querySelector('[data-act="activate"]').hidden = active;
  document.querySelector('[data-act="uninstall"]').hidden = !isInstalled;
  shown = JSON.stringify(locations) + byId('location').value;
}

const DONE = {
  suspend: 'The location is suspended: it gets no new tokens, and raises no events.',
  activate: 'The location is active again.',
  revoke: 'Its tokens no longer count. The app notices at its next call.',
  uninstall: 'The app is removed from the location.',
};

export function startLocation(changed) {
  byId('location').addEventListener('change', () => attempt(changed));
  for (const node of document.querySelectorAll('[data-act]')) {
    const { act } = node.dataset;
    node.addEventListener('click', () =>
      attempt(async () => {
        await controlApi.actOn(location().id, act);
        await changed();
        if (node.hidden) byId('location').focus();
      }, DONE[act]),
    );
  }
}
