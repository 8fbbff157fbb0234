import { type Lane } from './lane.js';

/**
 * Hooks that one process works on at a time in each lane: `@Process({ concurrency: HOOKS_AT_ONCE })`. Each holds a
 * database connection for most of its run, and a pool has ten.
 */
export const HOOKS_AT_ONCE = 4;

/** What a processor's `@Process()` method is called with, by Bull and in-process alike. */
export interface WakeUp {
  readonly data: { readonly hookId: number };
}

/**
 * Tells workers that a hook has due rows. A wake-up carries no work: PostgreSQL holds the rows, and the sweeper rings
 * for those whose wake-up was lost.
 */
export abstract class WakeUps {
  /**
   * Never throws and never waits. A hook is worked on by one worker at a time; however often it is rung meanwhile, it
   * is woken once more afterwards.
   */
  abstract ring(lane: Lane, hookId: number): void;
}
