/** What goes wrong: switches for the common faults, a form for those that strike some calls or events only. */

import { controlApi } from './control-api.mjs';
import { attempt, badge, button, byId, element, options, showList } from './dom.mjs';

const { document, FormData } = globalThis;

/** The most that a fault can be told to strike. */
const FOR_GOOD = 1_000_000;

const KINDS = {
  delay: 'Answers late',
  status: 'Answers with a status',
  rate_limit: 'Too many calls: answers 429',
  drop_connection: 'Connection drops before the call',
  lose_answer: 'Executed, but the answer is lost',
  garbage: 'Executed, but the answer is unreadable',
  revoke_token: 'Access token is revoked',
  location_not_active: 'Location is not active',
  webhook_duplicate: 'Webhook is delivered twice',
  webhook_reorder: 'Webhook is overtaken by the next',
  webhook_drop: 'Webhook is lost',
};

const SWITCHES = [
  ['Answers 2 seconds late', { kind: 'delay', delayMs: 2000 }],
  ['Is down: answers 503', { kind: 'status', status: 503 }],
  [KINDS.rate_limit, { kind: 'rate_limit' }],
  ['Answers get lost', { kind: 'lose_answer' }],
  ['Webhooks are delivered twice', { kind: 'webhook_duplicate' }],
  ['Webhooks overtake each other', { kind: 'webhook_reorder' }],
  ['Webhooks get lost', { kind: 'webhook_drop' }],
].map(([label, fault]) => ({ label, fault }));

/** A fault of the switch: nothing narrows it down. */
const isOf = ({ fault }, { kind, method, path, event, times, status }) =>
  kind === fault.kind &&
  status === fault.status &&
  method === undefined &&
  path === undefined &&
  event === undefined &&
  times > FOR_GOOD / 2;

export async function showFaults() {
  const faults = await controlApi.faults();
  for (const one of SWITCHES) one.input.checked = faults.some((fault) => isOf(one, fault));
  const others = faults.filter((fault) => !SWITCHES.some((one) => isOf(one, fault)));
  byId('faults').hidden = others.length === 0;
  showList(byId('faults'), others, faultItem);
}

function faultItem(fault) {
  const { kind, times, method, path, event, status } = fault;
  const facts = [status, method, path, event].filter(Boolean).join(' ');
  return element(
    'li',
    { className: 'row apart' },
    element(
      'span',
      { className: 'row' },
      KINDS[kind],
      facts ? element('code', {}, facts) : undefined,
      badge('busy', times === 1 ? 'once' : `${times} times`),
    ),
    button('Remove', () => remove(fault), `Remove: ${KINDS[kind]}`),
  );
}

function remove({ id, kind }) {
  return attempt(async () => {
    await controlApi.replaceFaults((await controlApi.faults()).filter((fault) => fault.id !== id));
    await showFaults();
  }, `Removed: ${KINDS[kind]}.`);
}

function flip(one) {
  const isOn = one.input.checked;
  return attempt(
    async () => {
      const others = (await controlApi.faults()).filter((fault) => !isOf(one, fault));
      await controlApi.replaceFaults(isOn ? [...others, { ...one.fault, times: FOR_GOOD }] : others);
      await showFaults();
    },
    `${one.label}: ${isOn ? 'on' : 'off'}.`,
  );
}

async function addFault(event) {
  event.preventDefault();
  const form = byId('fault');
  const given = [...new FormData(form)].filter(
    ([name, value]) => value !== '' && !form.elements[name].closest('[hidden]'),
  );
  const numbers = ['times', 'status', 'delayMs'];
  const fault = Object.fromEntries(
    given.map(([name, value]) => [name, numbers.includes(name) ? Number(value) : value]),
  );
  await attempt(async () => {
    await controlApi.replaceFaults([...(await controlApi.faults()), fault]);
    await showFaults();
  }, `Fault added: ${KINDS[fault.kind]}.`);
}

/** Only what the chosen kind of fault takes. */
function showInputs() {
  const kind = byId('fault').elements.kind.value;
  const wanted = [kind, kind.startsWith('webhook') ? 'webhook' : 'request'];
  for (const label of document.querySelectorAll('#fault [data-for]'))
    label.hidden = !wanted.includes(label.dataset.for);
}

export function startFaults() {
  byId('switches').append(
    ...SWITCHES.map((one) => {
      one.input = element('input', { type: 'checkbox', onchange: () => flip(one) });
      one.input.setAttribute('role', 'switch');
      return element('label', {}, one.input, ` ${one.label}`);
    }),
  );
  options(byId('fault').elements.kind, Object.entries(KINDS));
  byId('fault').elements.kind.addEventListener('change', showInputs);
  byId('fault').addEventListener('submit', addFault);
  showInputs();
}
