import { type Faults } from '#apps/simulator/faults.js';
import { eventually } from './eventually.js';

const LONGER_THAN_ANY_TEST_MS = 120_000;

export interface HeldCall {
  /** Until HighLevel has the call. */
  arrived(): Promise<void>;
  /** Has it answered; the calls after it are not held. */
  letGo(): void;
}

/**
 * Holds the next call of this kind at HighLevel, before it takes effect: what a test does between `arrived` and `letGo`
 * happens while the call is under way, however slow the machine is. Letting go ends every other fault as well.
 *
 * @param call.skip so many pass first
 */
export function holdCall(
  faults: Faults,
  call: { method?: string; path?: string; skip?: number } = {},
): HeldCall {
  const { id } = faults.add({ kind: 'delay', delayMs: LONGER_THAN_ANY_TEST_MS, ...call });
  const arrived = (): boolean => faults.list().every((waiting) => waiting.id !== id);
  return {
    arrived: () =>
      eventually(() => {
        if (!arrived()) throw new Error('the call did not come');
      }),
    letGo: () => faults.clear(),
  };
}
