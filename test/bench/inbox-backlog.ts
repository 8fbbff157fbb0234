import { type BenchDatabase, LOCATION } from './bench-database.js';
import { contactEvent } from './contact-events.js';

/** Accounts made by the benches start with this one. */
const ACCOUNT = 1;

/** An event, and what the intake would have kept beside it. */
export interface BacklogEvent {
  readonly body: string;
  readonly type: string;
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly phone: string;
  readonly timestamp: string;
  readonly webhookId: string;
}

/** Makes ever new contacts' events, and puts them where a worker finds them. */
export class InboxBacklog {
  private contacts = 0;

  /** @param count events in all; those of one contact come apart, in their order */
  events(count: number, eventsPerContact: number): BacklogEvent[] {
    const contacts = Math.ceil(count / eventsPerContact);
    const first = this.contacts + 1;
    this.contacts += contacts;
    return Array.from({ length: count }, (_, index) => {
      const body = contactEvent(first + (index % contacts), Math.floor(index / contacts));
      const event = JSON.parse(body) as BacklogEvent & { firstName: string; lastName: string };
      return { ...event, name: `${event.firstName} ${event.lastName}`, body };
    });
  }

  /** All in one transaction, so that nobody begins before the last is there. */
  async fill({ source, hookId }: BenchDatabase, count: number, eventsPerContact: number): Promise<void> {
    const events = this.events(count, eventsPerContact);
    await source.query(
      `insert into ghl.inbox (delivery_key, type, account_id, hook_id, location_id, entity_key, event_at, body)
       select 'webhook:' || e.key, e.type, $1, $2, $3, 'contact:' || e.id, e.at, convert_to(e.body, 'UTF8')
         from unnest($4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[]) with ordinality
              as e (key, type, id, at, body, position)
        order by e.position`,
      [
        ACCOUNT,
        hookId,
        LOCATION,
        events.map(({ webhookId }) => webhookId),
        events.map(({ type }) => type),
        events.map(({ id }) => id),
        events.map(({ timestamp }) => timestamp),
        events.map(({ body }) => body),
      ],
    );
  }
}
