import { createHmac, randomUUID } from 'node:crypto';
import { LOCATION } from './bench-database.js';

/** As large as HighLevel's contact events usually are. */
const EVENT_BYTES = 900;
const FIRST_EVENT_AT = Date.parse('2026-09-20T00:00:00Z');

/** An event as it travels: ASCII, so that characters are bytes. */
export interface SignedEvent {
  readonly body: string;
  readonly signature: string;
}

const UNCHANGING = JSON.stringify({
  locationId: LOCATION,
  companyName: 'Harbour Dental',
  source: 'public api',
  address1: '12 Quay Street',
  city: 'San Francisco',
  state: 'CA',
  country: 'US',
  postalCode: '94110',
  tags: [],
  dnd: false,
}).slice(1, -1);

/**
 * A contact event of 900 bytes, put together by hand: the load must not be what is measured.
 * @param contact its number: the same number is the same contact
 * @param revision how often it was changed
 */
export function contactEvent(contact: number, revision = 0): string {
  const type = revision === 0 ? 'ContactCreate' : 'ContactUpdate';
  const at = new Date(FIRST_EVENT_AT + contact * 10 + revision).toISOString();
  const head =
    `{"type":"${type}","id":"Con${String(contact).padStart(17, '0')}","firstName":"Mara ${revision}",` +
    `"lastName":"Quill ${contact}","email":"mara.${contact}@example.test","phone":"+1415${2_000_000 + (contact % 7_999_999)}",` +
    `"timestamp":"${at}","webhookId":"${randomUUID()}",${UNCHANGING},"note":"`;
  return `${head}${'x'.repeat(EVENT_BYTES - head.length - 2)}"}`;
}

/** Events of ever new contacts. */
export class EventSource {
  private made = 0;

  constructor(private readonly secret: string) {}

  next(): SignedEvent {
    this.made += 1;
    const body = contactEvent(this.made);
    return { body, signature: createHmac('sha256', this.secret).update(body).digest('hex') };
  }
}
