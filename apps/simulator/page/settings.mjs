/** Where events go, how they are signed, and how often they are tried again. */

import { controlApi } from './control-api.mjs';
import { attempt, byId, element, options } from './dom.mjs';

const { FormData } = globalThis;

const SIGNATURES = {
  ed25519: 'Ed25519, as HighLevel signs',
  rsa: 'RSA, as it signed before',
  both: 'both',
  'rsa-na': 'RSA, “N/A” in the new header',
  hmac: 'HMAC, hexadecimal',
  'hmac-base64': 'HMAC, base64',
  na: '“N/A”',
  none: 'none',
};
const RETRIES = { backoff: 'after any failure', 'only-429': 'after a 429 only', never: 'never' };
const PACES = { 1: 'as HighLevel', 0.1: '10 times faster', 0.01: '100 times faster' };

export async function showSettings() {
  const { webhookUrl, signatureScheme, retryPolicy, retryTimeFactor } = await controlApi.settings();
  const { elements } = byId('settings');
  elements.webhookUrl.value = webhookUrl ?? '';
  elements.signatureScheme.value = signatureScheme;
  elements.retryPolicy.value = retryPolicy;
  if (!(retryTimeFactor in PACES))
    elements.retryTimeFactor.append(element('option', { value: retryTimeFactor }, `× ${retryTimeFactor}`));
  elements.retryTimeFactor.value = retryTimeFactor;
}

async function save(event) {
  event.preventDefault();
  const { webhookUrl, retryTimeFactor, ...others } = Object.fromEntries(new FormData(byId('settings')));
  await attempt(
    () =>
      controlApi.saveSettings({
        ...others,
        webhookUrl: webhookUrl || null,
        retryTimeFactor: Number(retryTimeFactor),
      }),
    'The settings are saved.',
  );
}

export function startSettings() {
  const { elements } = byId('settings');
  options(elements.signatureScheme, Object.entries(SIGNATURES));
  options(elements.retryPolicy, Object.entries(RETRIES));
  options(
    elements.retryTimeFactor,
    Object.entries(PACES).toSorted(([one], [other]) => other - one),
  );
  byId('settings').addEventListener('submit', save);
}
