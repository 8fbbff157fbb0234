/** Puts the parts of the page together, and asks anew every second what has happened meanwhile. */

import { showContacts, startContacts } from './contacts.mjs';
import { closeConversation, showConversation, startConversation } from './conversation.mjs';
import { showCalls, showDeliveries } from './deliveries.mjs';
import { attempt, say } from './dom.mjs';
import { showFaults, startFaults } from './faults.mjs';
import { showLocations, startLocation } from './location.mjs';
import { showSettings, startSettings } from './settings.mjs';

const { document, setTimeout } = globalThis;

const REFRESH_MS = 1000;

async function showPlace() {
  await showLocations();
  await Promise.all([showContacts(), closeConversation()]);
}

async function refresh() {
  if (!document.hidden) {
    try {
      await showLocations();
      await Promise.all([showContacts(), showConversation(), showDeliveries(), showCalls(), showFaults()]);
    } catch {
      say('The simulator does not answer. It is asked again by itself.');
    }
  }
  setTimeout(refresh, REFRESH_MS);
}

startLocation(showPlace);
startContacts();
startConversation();
startFaults();
startSettings();
await attempt(async () => {
  await showPlace();
  await showSettings();
});
await refresh();
