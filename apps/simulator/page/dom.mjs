/** What every part of the page uses: elements, lists that stay in place, sentences about what was done. */

const { document, clearTimeout, setTimeout } = globalThis;

const SHOWN_MS = 6000;
const CAN_BE_FOCUSED = 'button, summary';

export const byId = (id) => document.getElementById(id);

export function element(tag, properties, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children.filter((child) => child !== undefined));
  return node;
}

export function button(label, onclick, name = label) {
  const node = element('button', { type: 'button', className: 'small', onclick }, label);
  node.setAttribute('aria-label', name);
  return node;
}

export const badge = (tone, text) => element('span', { className: `badge ${tone}` }, text);

export function options(select, entries) {
  select.replaceChildren(...entries.map(([value, label]) => element('option', { value }, label)));
}

/** A time of today by the clock, another one with its day. */
export function timeOf(iso) {
  const at = new Date(iso);
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday ? at.toLocaleTimeString() : at.toLocaleString();
}

/**
 * Makes the list show the items. Of those that have not changed the nodes stay, so that nobody loses the place, an
 * open detail or the focus.
 * @param draw makes the node of an item; each item has an `id`
 */
export function showList(list, items, draw) {
  const known = new Map([...list.children].map((node) => [node.itemId, node]));
  let place = list.firstElementChild;
  for (const item of items) {
    const drawn = JSON.stringify(item);
    const before = known.get(item.id);
    known.delete(item.id);
    let node = before;
    if (before?.drawn !== drawn) {
      node = Object.assign(draw(item), { itemId: item.id, drawn });
      if (before) {
        if (place === before) place = node;
        takeThePlaceOf(before, node);
      }
    }
    if (node === place) place = node.nextElementSibling;
    else list.insertBefore(node, place);
  }
  for (const gone of known.values()) gone.remove();
}

function takeThePlaceOf(before, node) {
  const details = node.querySelectorAll('details');
  before.querySelectorAll('details').forEach(({ open }, index) => {
    if (details[index]) details[index].open = open;
  });
  const focused = [...before.querySelectorAll(CAN_BE_FOCUSED)].indexOf(document.activeElement);
  before.replaceWith(node);
  if (focused >= 0) node.querySelectorAll(CAN_BE_FOCUSED)[focused]?.focus();
}

let hiding;

export function say(sentence) {
  byId('message').textContent = sentence;
  clearTimeout(hiding);
  hiding = setTimeout(() => (byId('message').textContent = ''), SHOWN_MS);
}

/** Every action ends in a sentence: what was done, or why not. */
export async function attempt(action, done) {
  try {
    await action();
    if (done) say(done);
  } catch (error) {
    say(`That did not work: ${error.message}`);
  }
}
