import { type DomainError } from '#libs/errors';

/** What a command means for one event. */
export type EventDecision<Outcome extends string> =
  | { readonly kind: 'change' | 'leave'; readonly outcome: Outcome }
  /** It is of no use, or would do harm. */
  | { readonly kind: 'refuse'; readonly refusal: RefusedEvent };

/** `reason` is a machine code. */
export type RefusedEvent = DomainError & { readonly reason: string };
