import { createHash } from 'node:crypto';
import { isHandledContactEvent, isLifecycleEvent } from './handled-events.js';

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
  | 'no_location';

/** One webhook as it came, and what the inbox keeps beside its bytes. */
export interface Delivery {
  readonly key: string;
  /** Only then is the key part of what was signed: no copy of the delivery can have another one. */
  readonly hasWebhookId: boolean;
  readonly type: string;
  readonly locationId: string | null;
  readonly companyId: string | null;
  /** What must be applied in order; null where order does not matter. */
  readonly entityKey: string | null;
  /** When it happened by HighLevel's clock; null when it does not say. */
  readonly eventAt: Date | null;
  readonly body: Buffer;
  readonly fate: Fate;
}

/** HighLevel's ids have 20 to 36 characters; a longer text is no id of its. */
const MAX_TEXT_LENGTH = 200;

const MESSAGE_TYPES = new Set(['InboundMessage', 'OutboundMessage']);

/**
 * Reads a verified body. Never throws: what cannot be read is kept, too.
 * @param deliveryId HighLevel's header of that name, for events without `webhookId` (HL 4.1)
 * @param appId ours, undefined when none is configured
 */
export function readDelivery(
  body: Buffer,
  deliveryId: string | undefined,
  appId: string | undefined,
): Delivery {
  const event = parseObject(body);
  const type = textOf(event?.type) ?? '';
  const locationId = textOf(event?.locationId);
  const companyId = textOf(event?.companyId);
  const webhookId = textOf(event?.webhookId);
  return {
    key: keyOf(webhookId, textOf(deliveryId), body),
    hasWebhookId: webhookId !== null,
    type,
    locationId,
    companyId,
    entityKey: entityOf(type, textOf(event?.id)),
    eventAt: timeOf(event?.timestamp),
    body,
    fate: fateOf({ type, locationId, companyId, appId: textOf(event?.appId) }, appId),
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
