import { createHash } from 'node:crypto';
import { type DeliveryRules } from './delivery-rules.js';
import { isHandledContactEvent, isLifecycleEvent } from './handled-events.js';
import { isInReplayWindow } from './replay-window.js';

/** What becomes of a delivery as far as it says itself; whether its location is ours, the database knows. */
export type Fate =
  | { readonly kind: 'contact' | 'install' | 'uninstall' }
  | { readonly kind: 'ignored' | 'dead'; readonly reason: DeliveryReason };

export type DeliveryReason =
  /** Not JSON, not an object, or without a `type`: nothing that could ever be applied. */
  | 'unreadable_body'
  | 'unhandled_type'
  | 'message_sync_not_available'
  /** Signed by HighLevel, whose key is the same for all apps, for somebody else's (HL 4.2). */
  | 'other_app'
  /** It names neither a location nor an agency. */
  | 'no_location'
  /** No `webhookId` and too old: it may be a copy of one that was forgotten. */
  | 'outside_replay_window';

/** One webhook as it came. */
export interface RawDelivery {
  readonly body: Buffer;
  /** HighLevel's header of that name, for events without `webhookId` (HL 4.1). It is not signed. */
  readonly deliveryId: string | null;
}

/** What the inbox keeps of it beside its bytes. */
export interface Delivery {
  readonly key: string;
  readonly type: string;
  readonly locationId: string | null;
  readonly companyId: string | null;
  /** What must be applied in order; null where order does not matter. */
  readonly entityKey: string | null;
  /** When it happened by HighLevel's clock; null when it does not say. */
  readonly eventAt: Date | null;
  readonly receivedAt: Date;
  readonly body: Buffer;
  readonly fate: Fate;
}

/** HighLevel's ids have 20 to 36 characters; a longer text is no id of its. */
const MAX_TEXT_LENGTH = 200;

const MESSAGE_TYPES = new Set(['InboundMessage', 'OutboundMessage']);

/** In a body that has a `webhookId`, unless its letters are escaped. */
const WEBHOOK_ID = '"webhookId"';

/** Reads a verified delivery. Never throws: what cannot be read is kept, too. */
export function readDelivery(
  { body, deliveryId }: RawDelivery,
  receivedAt: Date,
  rules: DeliveryRules,
): Delivery {
  const event = parseObject(body);
  const type = textOf(event?.type) ?? '';
  const locationId = textOf(event?.locationId);
  const companyId = textOf(event?.companyId);
  const webhookId = textOf(event?.webhookId);
  const eventAt = timeOf(event?.timestamp);
  const isReplayable =
    webhookId === null && !isInReplayWindow(eventAt, rules.replayWindowMs, receivedAt.getTime());
  return {
    key: keyOf(webhookId, textOf(deliveryId), body),
    type,
    locationId,
    companyId,
    entityKey: entityOf(type, textOf(event?.id)),
    eventAt,
    receivedAt,
    body,
    fate: isReplayable
      ? { kind: 'ignored', reason: 'outside_replay_window' }
      : fateOf({ type, locationId, companyId, appId: textOf(event?.appId) }, rules.appId),
  };
}

/**
 * Whether the delivery is to be refused as a possible replay. Looks closely only at what does not name a `webhookId`,
 * as HighLevel's events do: reading thousands of bodies a second would cost the intake a tenth of its speed.
 */
export function isPossibleReplay(delivery: RawDelivery, rules: DeliveryRules): boolean {
  if (delivery.body.includes(WEBHOOK_ID)) return false;
  const { fate } = readDelivery(delivery, new Date(), rules);
  return 'reason' in fate && fate.reason === 'outside_replay_window';
}

/** The same delivery as one of which nothing but the bytes can be kept. */
export function asUnreadable({ body, receivedAt }: Delivery): Delivery {
  return {
    key: keyOf(null, null, body),
    type: '',
    locationId: null,
    companyId: null,
    entityKey: null,
    eventAt: null,
    receivedAt,
    body,
    fate: { kind: 'dead', reason: 'unreadable_body' },
  };
}

interface Facts {
  readonly type: string;
  readonly locationId: string | null;
  readonly companyId: string | null;
  readonly appId: string | null;
}

function fateOf(event: Facts, appId: string | undefined): Fate {
  const { type, locationId, companyId } = event;
  if (type === '') return { kind: 'dead', reason: 'unreadable_body' };
  if (appId !== undefined && event.appId !== null && event.appId !== appId)
    return { kind: 'ignored', reason: 'other_app' };
  if (MESSAGE_TYPES.has(type)) return { kind: 'ignored', reason: 'message_sync_not_available' };
  if (isLifecycleEvent(type)) {
    if (locationId === null && companyId === null) return { kind: 'ignored', reason: 'no_location' };
    return { kind: type === 'INSTALL' ? 'install' : 'uninstall' };
  }
  if (!isHandledContactEvent(type)) return { kind: 'ignored', reason: 'unhandled_type' };
  return locationId === null ? { kind: 'ignored', reason: 'no_location' } : { kind: 'contact' };
}

/**
 * The same over all retries of one delivery (HL 4.4). The digest covers type, location and timestamp, which are in the
 * bytes. The prefixes keep the three kinds apart.
 */
function keyOf(webhookId: string | null, deliveryId: string | null, body: Buffer): string {
  if (webhookId !== null) return `webhook:${webhookId}`;
  if (deliveryId !== null) return `delivery:${deliveryId}`;
  return `body:${createHash('sha256').update(body).digest('hex')}`;
}

function entityOf(type: string, id: string | null): string | null {
  return id !== null && isHandledContactEvent(type) ? `contact:${id}` : null;
}

function parseObject(body: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** A text that a column can keep and an id can be; anything else counts as absent. */
function textOf(value: unknown): string | null {
  if (typeof value !== 'string' || value === '' || value.length > MAX_TEXT_LENGTH) return null;
  return /[\0\p{Surrogate}]/u.test(value) ? null : value;
}

function timeOf(value: unknown): Date | null {
  const time = typeof value === 'string' ? new Date(value) : undefined;
  // Years that PostgreSQL and people have in common.
  return time && time.getTime() > 0 && time.getUTCFullYear() < 3000 ? time : null;
}
