/** What was sent to the app, and what the app called: both newest first. */

import { controlApi } from './control-api.mjs';
import { attempt, badge, button, byId, element, showList, timeOf } from './dom.mjs';

const STATES = {
  queued: ['busy', 'Queued'],
  sending: ['busy', 'Being sent'],
  waiting: ['busy', 'To be tried again'],
  delivered: ['good', 'Delivered'],
  failed: ['bad', 'Given up'],
  dropped: ['bad', 'Never sent'],
};

export async function showDeliveries() {
  const { deliveries, total } = await controlApi.webhooks();
  byId('webhooks-note').textContent =
    total === 0 ? 'Nothing was sent yet.' : `${total} so far, newest first; each attempt with its answer`;
  showList(byId('webhooks'), deliveries, deliveryItem);
}

function deliveryItem({ id, type, state, attempts, body, createdAt, nextAttemptAt }) {
  const [tone, name] = STATES[state];
  return element(
    'li',
    {},
    element(
      'div',
      { className: 'row apart' },
      element(
        'div',
        { className: 'row' },
        element('strong', {}, type),
        badge(tone, name),
        element('span', { className: 'note' }, timeOf(createdAt)),
      ),
      button('Send again', () => redeliver(id, type), `Send again: ${type} of ${timeOf(createdAt)}`),
    ),
    attempts.length > 0 ? element('ol', { className: 'attempts' }, ...attempts.map(attemptItem)) : undefined,
    state === 'waiting' && nextAttemptAt
      ? element('p', { className: 'note' }, `Next attempt at ${timeOf(nextAttemptAt)}`)
      : undefined,
    element(
      'details',
      {},
      element('summary', { className: 'note' }, 'Body'),
      element('pre', { dir: 'auto' }, indented(body)),
    ),
  );
}

function attemptItem({ at, status, durationMs, error, answer }) {
  const isGood = status >= 200 && status < 300;
  return element(
    'li',
    {},
    `${timeOf(at)} `,
    badge(isGood ? 'good' : 'bad', status === 0 ? 'No answer' : String(status)),
    ` after ${durationMs} ms`,
    !isGood && (error || answer) ? element('span', { className: 'note' }, ` ${error ?? answer}`) : undefined,
  );
}

function indented(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

async function redeliver(id, type) {
  await attempt(async () => {
    await controlApi.redeliver(id);
    await showDeliveries();
  }, `${type} is sent again.`);
}

export async function showCalls() {
  const { requests, total } = await controlApi.requests();
  byId('calls-note').textContent = total === 0 ? 'The app has called nothing yet.' : `${total} so far`;
  showList(
    byId('calls'),
    requests.map((request, index) => ({ ...request, id: total - index })),
    callItem,
  );
}

function callItem({ at, method, path, status, durationMs, fault }) {
  return element(
    'li',
    { className: 'row' },
    badge(status >= 200 && status < 400 ? 'good' : 'bad', status === 0 ? 'dropped' : String(status)),
    element('code', {}, `${method} ${path}`),
    fault ? badge('busy', fault.replaceAll('_', ' ')) : undefined,
    element('span', { className: 'note' }, `${timeOf(at)}, ${durationMs} ms`),
  );
}
