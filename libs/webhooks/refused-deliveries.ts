import { Injectable } from '@nestjs/common';
import { AttemptWindow, networkOf } from '#libs/auth';

const WINDOW_MS = 60_000;
/** Refusals of a source that are answered and logged one by one. HighLevel's signatures do not fail. */
const REFUSALS_PER_SOURCE = 60;

/**
 * Slows down whoever sends what nobody we trust has signed. Only refused deliveries count and only they are throttled:
 * a signature is checked first, so a forger at HighLevel's address, or behind the same proxy, stops no delivery of its.
 */
@Injectable()
export class RefusedDeliveries {
  private readonly bySource = new AttemptWindow(REFUSALS_PER_SOURCE, WINDOW_MS);

  /**
   * Another delivery of this address was refused.
   * @param now milliseconds
   * @returns seconds that the source is to wait; 0 while it may go on
   */
  add(ip: string, now = Date.now()): number {
    const source = networkOf(ip);
    const wait = this.bySource.wait(source, now);
    if (wait === 0) this.bySource.add(source, now);
    return wait;
  }
}
