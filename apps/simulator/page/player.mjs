import { controlApi } from './control-api.mjs';

const { document, FormData, confirm } = globalThis;

const FAULTS = {
  delay: 'Answers late',
  status: 'Answers with a status',
  rate_limit: 'Answers 429',
  drop_connection: 'Connection drops before the call',
  lose_answer: 'Executed, answer lost',
  garbage: 'Executed, answer unreadable',
  revoke_token: 'Access token revoked',
  location_not_active: 'Location is not active',
  webhook_duplicate: 'Webhook delivered twice',
  webhook_reorder: 'Webhook overtaken by the next',
  webhook_drop: 'Webhook lost',
};
const SIGNATURES = ['ed25519', 'rsa', 'both', 'rsa-na', 'hmac', 'hmac-base64', 'na', 'none'];
const RETRIES = ['only-429', 'backoff', 'never'];
const TEXT_FIELDS = [
  'firstName',
  'lastName',
  'email',
  'phone',
  'companyName',
  'address1',
  'city',
  'postalCode',
  'country',
  'website',
  'source',
];
const REFRESH_MS = 2000;

const byId = (id) => document.getElementById(id);
const state = { locations: [], editing: undefined, shownWebhooks: '', shownFaults: '' };

function element(tag, properties, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function say(sentence) {
  byId('message').textContent = sentence;
}

/** Every action ends in a sentence: what was done, or why not. */
async function attempt(action, done) {
  try {
    await action();
    if (done) say(done);
  } catch (error) {
    say(`That did not work: ${error.message}`);
  }
}

const location = () => state.locations.find(({ id }) => id === byId('location').value);
const nameOf = (contact) => contact.name ?? contact.email ?? contact.phone ?? contact.id;

async function showLocations() {
  const chosen = byId('location').value;
  state.locations = await controlApi.locations();
  byId('location').replaceChildren(
    ...state.locations.map(({ id, name }) => element('option', { value: id, selected: id === chosen }, name)),
  );
  const { id, active, isInstalled, allowDuplicateContact } = location();
  byId('location-facts').textContent = [
    id,
    active ? 'active' : 'suspended',
    isInstalled ? 'the app is installed' : 'the app is not installed: no webhooks',
    allowDuplicateContact ? 'duplicates allowed' : 'no duplicates',
  ].join(' · ');
}

async function showContacts() {
  const query = new FormData(byId('search')).get('query');
  const { contacts, total } = await controlApi.contacts(location().id, query);
  byId('contacts-count').textContent = `${contacts.length} of ${total}, last changed first`;
  byId('contacts').replaceChildren(...contacts.map(contactItem));
}

function contactItem(contact) {
  const facts = [contact.email, contact.phone, contact.tags.join(', '), contact.dnd ? 'do not disturb' : ''];
  const edit = element('button', { type: 'button', onclick: () => openEditor(contact) }, 'Edit');
  edit.setAttribute('aria-label', `Edit ${nameOf(contact)}`);
  const remove = element('button', { type: 'button', onclick: () => removeContact(contact) }, 'Delete');
  remove.setAttribute('aria-label', `Delete ${nameOf(contact)}`);
  return element(
    'li',
    {},
    element('strong', { dir: 'auto' }, nameOf(contact)),
    element('p', { className: 'note', dir: 'auto' }, facts.filter(Boolean).join(' · ')),
    edit,
    ' ',
    remove,
  );
}

async function removeContact(contact) {
  if (!confirm(`Delete ${nameOf(contact)}?`)) return;
  await attempt(
    async () => {
      await controlApi.deleteContact(location().id, contact.id);
      await showContacts();
    },
    `${nameOf(contact)} is deleted.`,
  );
}

function openEditor(contact) {
  state.editing = contact;
  const form = byId('contact');
  form.reset();
  byId('contact-problem').textContent = '';
  byId('editor-title').textContent = contact ? `Edit ${nameOf(contact)}` : 'New contact';
  for (const field of TEXT_FIELDS) form.elements[field].value = contact?.[field] ?? '';
  form.elements.tags.value = contact?.tags.join(', ') ?? '';
  form.elements.dnd.checked = contact?.dnd ?? false;
  form.elements.smsBlocked.checked = contact?.dndSettings?.SMS?.status === 'active';
  byId('custom-fields').replaceChildren(
    ...location().customFields.map((field) => customFieldInput(field, contact)),
  );
  byId('editor').showModal();
}

function customFieldInput({ id, name, dataType }, contact) {
  const value = contact?.customFields.find((field) => field.id === id)?.value ?? '';
  const hint = dataType === 'MULTIPLE_OPTIONS' ? `${name}, separated by commas` : name;
  const input = element('input', {
    name: `custom ${id}`,
    autocomplete: 'off',
    value: [value].flat().join(', '),
  });
  return element('label', {}, `${hint} `, input);
}

function readEditor() {
  const form = byId('contact');
  const before = state.editing;
  const contact = { dnd: form.elements.dnd.checked, tags: listOf(form.elements.tags.value) };
  for (const field of TEXT_FIELDS) contact[field] = form.elements[field].value.trim() || null;
  const blocked = form.elements.smsBlocked.checked;
  if (blocked !== (before?.dndSettings?.SMS?.status === 'active'))
    contact.dndSettings = { SMS: { status: blocked ? 'active' : 'inactive' } };
  contact.customFields = location().customFields.map(({ id, dataType }) => {
    const text = form.elements[`custom ${id}`].value.trim();
    return { id, field_value: customValue(dataType, text) };
  });
  return contact;
}

function customValue(dataType, text) {
  if (text === '') return null;
  if (dataType === 'MULTIPLE_OPTIONS') return listOf(text);
  return dataType === 'NUMERICAL' && !Number.isNaN(Number(text)) ? Number(text) : text;
}

const listOf = (text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

async function saveContact(event) {
  event.preventDefault();
  try {
    await controlApi.saveContact(location().id, state.editing?.id, readEditor());
    byId('editor').close();
    say('The contact is saved.');
    await showContacts();
  } catch (error) {
    byId('contact-problem').textContent = error.message;
  }
}

/** Redrawn only when something changed, so that nobody loses their place in the list. */
async function showWebhooks() {
  const { deliveries, total } = await controlApi.webhooks();
  const shown = JSON.stringify(deliveries);
  if (shown === state.shownWebhooks) return;
  state.shownWebhooks = shown;
  byId('webhooks-note').textContent = total === 0 ? 'Nothing was sent yet.' : `${total} so far, newest first`;
  byId('webhooks').replaceChildren(...deliveries.map(deliveryItem));
}

function deliveryItem({ id, type, state: outcome, attempts, body, createdAt }) {
  const statuses = attempts.map(({ status, error }) => (status === 0 ? error : String(status))).join(', ');
  const again = element('button', { type: 'button', onclick: () => redeliver(id, type) }, 'Send again');
  again.setAttribute('aria-label', `Send again: ${type} of ${createdAt}`);
  return element(
    'li',
    {},
    element('strong', {}, type),
    ` ${outcome}`,
    element('p', { className: 'note' }, `${createdAt}${statuses && ` · answers: ${statuses}`}`),
    element('details', {}, element('summary', {}, 'Body'), element('pre', { dir: 'auto' }, body)),
    again,
  );
}

async function redeliver(id, type) {
  await attempt(async () => {
    await controlApi.redeliver(id);
    await showWebhooks();
  }, `${type} is sent again.`);
}

async function showFaults() {
  const faults = await controlApi.faults();
  const shown = JSON.stringify(faults);
  if (shown === state.shownFaults) return;
  state.shownFaults = shown;
  byId('faults').replaceChildren(
    ...faults.map(({ kind, times, method, path, event }) =>
      element('li', {}, [FAULTS[kind], `${times} times`, method, path, event].filter(Boolean).join(' · ')),
    ),
  );
}

async function addFault(event) {
  event.preventDefault();
  const given = [...new FormData(byId('fault'))].filter(([, value]) => value !== '');
  const numbers = ['times', 'status', 'delayMs'];
  const fault = Object.fromEntries(
    given.map(([name, value]) => [name, numbers.includes(name) ? Number(value) : value]),
  );
  await attempt(async () => {
    await controlApi.replaceFaults([...(await controlApi.faults()), fault]);
    await showFaults();
  }, `Fault added: ${FAULTS[fault.kind]}.`);
}

async function showSettings() {
  const { webhookUrl, signatureScheme, retryPolicy } = await controlApi.settings();
  const { elements } = byId('settings');
  elements.webhookUrl.value = webhookUrl ?? '';
  elements.signatureScheme.value = signatureScheme;
  elements.retryPolicy.value = retryPolicy;
}

async function saveSettings(event) {
  event.preventDefault();
  const { webhookUrl, ...others } = Object.fromEntries(new FormData(byId('settings')));
  await attempt(
    () => controlApi.saveSettings({ ...others, webhookUrl: webhookUrl || null }),
    'The settings are saved.',
  );
}

function options(select, entries) {
  select.replaceChildren(...entries.map(([value, label]) => element('option', { value }, label)));
}

async function showPlace() {
  await showLocations();
  await showContacts();
}

async function refresh() {
  try {
    await Promise.all([showWebhooks(), showFaults()]);
  } catch {
    say('The simulator does not answer.');
  }
  setTimeout(refresh, REFRESH_MS);
}

options(byId('fault').elements.kind, Object.entries(FAULTS));
options(
  byId('settings').elements.signatureScheme,
  SIGNATURES.map((name) => [name, name]),
);
options(
  byId('settings').elements.retryPolicy,
  RETRIES.map((name) => [name, name]),
);

byId('location').addEventListener('change', () => attempt(showPlace));
byId('create').addEventListener('click', () => openEditor());
byId('cancel').addEventListener('click', () => byId('editor').close());
byId('contact').addEventListener('submit', saveContact);
byId('fault').addEventListener('submit', addFault);
byId('settings').addEventListener('submit', saveSettings);
byId('refresh-webhooks').addEventListener('click', () =>
  attempt(showWebhooks, 'The deliveries are up to date.'),
);
byId('clear-faults').addEventListener('click', () =>
  attempt(async () => {
    await controlApi.replaceFaults([]);
    await showFaults();
  }, 'All faults are cleared.'),
);
byId('search').addEventListener('submit', (event) => {
  event.preventDefault();
  void attempt(showContacts);
});
for (const button of document.querySelectorAll('[data-act]')) {
  button.addEventListener('click', () =>
    attempt(async () => {
      await controlApi.actOn(location().id, button.dataset.act);
      await showLocations();
    }, `${button.textContent}: done.`),
  );
}

await attempt(async () => {
  await showPlace();
  await showSettings();
});
await refresh();
