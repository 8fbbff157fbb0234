import { DomainError } from '#libs/errors';

/** How far ahead HighLevel's clock, or behind this machine's, may be (milliseconds). */
const CLOCK_TOLERANCE_MS = 3_600_000;

/** The delivery may be a copy of an old one: nothing that is signed tells it from one that was forgotten. */
export class OutsideReplayWindow extends DomainError {
  readonly code = 'outside_replay_window';

  constructor() {
    super('The delivery has no webhookId, and its timestamp is outside the replay window');
  }
}

/**
 * Whether an event without `webhookId` is recent enough. With one, age alone refuses nothing: HighLevel may retry for
 * days, and the id is remembered. The `deliveryId` header is not signed, so without a `webhookId` the same bytes could
 * come again under a key of their own. What has no timestamp either cannot be judged, and is told apart by its key alone.
 * @param windowMs longer than HighLevel's retries take (HL 4.3)
 * @param now milliseconds
 */
export function isInReplayWindow(eventAt: Date | null, windowMs: number, now: number): boolean {
  if (eventAt === null) return true;
  const age = now - eventAt.getTime();
  return age <= windowMs && age >= -CLOCK_TOLERANCE_MS;
}
