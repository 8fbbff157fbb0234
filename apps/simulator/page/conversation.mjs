/** The conversation with one contact: what was written, and writing as either of the two. */

import { controlApi } from './control-api.mjs';
import { byId, element, options, say, showList, timeOf } from './dom.mjs';
import { location } from './location.mjs';

const CHANNELS = { SMS: 'SMS', Email: 'E-mail' };
const NOBODY = 'Choose “Message” at a contact to write as that person, or to them.';
const EMPTY = 'Nothing was written yet.';

let contact;

/** Whom it is with, if anybody was chosen. */
export const conversationWith = () => contact;

export const nameOf = ({ name, email, phone, id }) => name ?? email ?? phone ?? id;

export async function openConversation(chosen) {
  contact = chosen;
  const form = byId('write');
  form.elements.channel.value = contact.phone ? 'SMS' : 'Email';
  options(form.elements.direction, [
    ['inbound', nameOf(contact)],
    ...location().users.map(({ id, name }) => [id, `${name}, ${location().name}`]),
  ]);
  byId('thread').replaceChildren();
  byId('write-problem').textContent = '';
  showSubject();
  await showConversation();
  form.elements.body.focus();
}

/** Nobody is chosen any more. */
export function closeConversation() {
  contact = undefined;
  return showConversation();
}

export async function showConversation() {
  const messages = await readConversation();
  byId('write').hidden = contact === undefined;
  byId('conversation-title').textContent = contact ? `Conversation with ${nameOf(contact)}` : 'Conversation';
  byId('conversation-note').textContent = contact
    ? [contact.phone, contact.email].filter(Boolean).join(' · ')
    : '';
  const thread = byId('thread');
  const wasAtEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 40;
  if (messages.length > 0) showList(thread, messages, bubble);
  else
    showList(thread, [{ id: contact ? EMPTY : NOBODY }], ({ id }) => element('p', { className: 'note' }, id));
  if (wasAtEnd) thread.scrollTop = thread.scrollHeight;
}

/** The contact as it is by now; a conversation ends with its contact. */
async function readConversation() {
  const asked = contact;
  if (!asked) return [];
  try {
    const [now, messages] = await Promise.all([
      controlApi.contact(location().id, asked.id),
      controlApi.messages(location().id, asked.id),
    ]);
    if (asked.id !== contact?.id) return readConversation(); // another one was chosen meanwhile
    contact = now;
    return messages;
  } catch (error) {
    if (error.status !== 404) throw error;
    contact = undefined;
    return [];
  }
}

function bubble({ direction, channel, subject, body, userId, dateAdded }) {
  const author =
    direction === 'inbound' ? nameOf(contact) : location().users.find(({ id }) => id === userId)?.name;
  return element(
    'div',
    { className: `message ${direction}`, dir: 'auto' },
    element('small', {}, [author, CHANNELS[channel], timeOf(dateAdded)].filter(Boolean).join(' · ')),
    subject ? element('strong', {}, `${subject}\n`) : undefined,
    body,
  );
}

function showSubject() {
  byId('subject').hidden = byId('write').elements.channel.value !== 'Email';
}

async function send(event) {
  event.preventDefault();
  const { direction, channel, subject, body } = byId('write').elements;
  byId('write-problem').textContent = '';
  try {
    await controlApi.sendMessage(location().id, contact.id, {
      channel: channel.value,
      body: body.value,
      ...(channel.value === 'Email' && { subject: subject.value }),
      ...(direction.value === 'inbound'
        ? { direction: 'inbound' }
        : { direction: 'outbound', userId: direction.value }),
    });
    body.value = '';
    say('The message is sent.');
    await showConversation();
  } catch (error) {
    byId('write-problem').textContent = error.message;
  }
}

export function startConversation() {
  byId('write').addEventListener('submit', send);
  byId('write').elements.channel.addEventListener('change', showSubject);
}
