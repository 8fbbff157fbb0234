import { Injectable } from '@nestjs/common';
import { AppConfig } from '#libs/config';
import { Throttled } from '#libs/errors';
import { AttemptWindow } from './attempt-window.js';
import { networkOf } from './network.js';

/** DeskFlow's windows (DM 3). */
const IP_WINDOW_MS = 5 * 60_000;
const EMAIL_WINDOW_MS = 15 * 60_000;
/** All sign-ins of an address, good ones included: what a bcrypt comparison each costs this process. */
const ALL_PER_IP = 300;

/** Withdraws the failure that `SignInLimiter.begin` counted in advance. */
export type Succeeded = () => void;

/**
 * Slows down guessing. Failures count, so that nobody is locked out by signing in; each attempt counts as failed until
 * it has succeeded, so that many at once find the same limit as one after another.
 */
@Injectable()
export class SignInLimiter {
  private readonly failuresByIp: AttemptWindow;
  private readonly failuresByEmail: AttemptWindow;
  private readonly allByIp = new AttemptWindow(ALL_PER_IP, IP_WINDOW_MS);

  constructor(config: AppConfig) {
    this.failuresByIp = new AttemptWindow(config.signIn.failuresPerIp, IP_WINDOW_MS);
    this.failuresByEmail = new AttemptWindow(config.signIn.failuresPerEmail, EMAIL_WINDOW_MS);
  }

  /** @throws Throttled with the seconds to wait */
  begin(ip: string, email: string, now = Date.now()): Succeeded {
    const network = networkOf(ip);
    const address = email.trim().toLowerCase();
    const wait = Math.max(
      this.failuresByIp.wait(network, now),
      this.failuresByEmail.wait(address, now),
      this.allByIp.wait(network, now),
    );
    if (wait > 0) throw new Throttled(wait);

    this.failuresByIp.add(network, now);
    this.failuresByEmail.add(address, now);
    this.allByIp.add(network, now);
    return () => {
      this.failuresByIp.remove(network, now);
      this.failuresByEmail.remove(address, now);
    };
  }
}
