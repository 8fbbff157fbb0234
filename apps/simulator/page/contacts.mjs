/** The contacts of the location: list, search, editor. */

import { controlApi } from './control-api.mjs';
import { conversationWith, nameOf, openConversation } from './conversation.mjs';
import { attempt, badge, button, byId, element, say, showList } from './dom.mjs';
import { location } from './location.mjs';

const { confirm } = globalThis;

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

let edited;

export async function showContacts() {
  const query = byId('search').value;
  const { contacts, total } = await controlApi.contacts(location().id, query);
  if (query !== byId('search').value) return; // more was typed meanwhile
  const shown = contacts.length < total ? `${contacts.length} of ${total}` : String(total);
  byId('contacts-note').textContent =
    total === 0 ? 'Nobody is found.' : `${shown}, those changed last come first`;
  const open = conversationWith();
  showList(
    byId('contacts'),
    contacts.map((contact) => ({ ...contact, isOpen: contact.id === open?.id })),
    contactItem,
  );
}

function contactItem({ isOpen, ...contact }) {
  const name = nameOf(contact);
  const facts = [contact.email, contact.phone, contact.companyName].filter(Boolean).join(' · ');
  const item = element(
    'li',
    {},
    element(
      'div',
      { className: 'row apart' },
      element(
        'div',
        { className: 'grow' },
        element('strong', { dir: 'auto' }, name),
        element('div', { className: 'note', dir: 'auto' }, facts),
        element(
          'div',
          {},
          ...contact.tags.flatMap((tag) => [badge('', tag), ' ']),
          contact.dnd ? badge('busy', 'do not disturb') : undefined,
        ),
      ),
      element(
        'div',
        { className: 'row' },
        button('Message', () => openConversation(contact).then(showContacts), `Message ${name}`),
        button('Edit', () => openEditor(contact), `Edit ${name}`),
        button('Delete', () => removeContact(contact), `Delete ${name}`),
      ),
    ),
  );
  if (isOpen) item.setAttribute('aria-current', 'true');
  return item;
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
  edited = contact;
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
  const contact = { dnd: form.elements.dnd.checked, tags: listOf(form.elements.tags.value) };
  for (const field of TEXT_FIELDS) contact[field] = form.elements[field].value.trim() || null;
  const blocked = form.elements.smsBlocked.checked;
  if (blocked !== (edited?.dndSettings?.SMS?.status === 'active'))
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
    await controlApi.saveContact(location().id, edited?.id, readEditor());
    byId('editor').close();
    say('The contact is saved.');
    await showContacts();
  } catch (error) {
    byId('contact-problem').textContent = error.message;
  }
}

export function startContacts() {
  byId('create').addEventListener('click', () => openEditor());
  byId('cancel').addEventListener('click', () => byId('editor').close());
  byId('contact').addEventListener('submit', saveContact);
  byId('search').addEventListener('input', () => attempt(showContacts));
}
