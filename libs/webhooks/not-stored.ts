import { Throttled } from '#libs/errors';

const RETRY_AFTER_SECONDS = 60;

/** 429: the one answer after which HighLevel delivers again under each of its published policies (HL 4.3). */
export function notStored(): Throttled {
  return new Throttled(RETRY_AFTER_SECONDS);
}
