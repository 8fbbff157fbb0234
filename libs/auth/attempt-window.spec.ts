import { loadConfig } from '#libs/config';
import { Throttled } from '#libs/errors';
import { AttemptWindow } from './attempt-window.js';
import { SignInLimiter } from './sign-in-limiter.js';

const MINUTE = 60_000;

function waitOf(attempt: () => unknown): number {
  try {
    attempt();
  } catch (error) {
    if (error instanceof Throttled) return error.retryAfterSeconds;
    throw error;
  }
  return 0;
}

describe('a window of 2 attempts in a minute', () => {
  it('opens again when the first of them is a minute old', () => {
    const window = new AttemptWindow(2, MINUTE);
    expect(window.wait('a', 0)).toBe(0);
    window.add('a', 0);
    window.add('a', 10_000);
    expect(window.wait('a', 10_000)).toBe(50);
    expect(window.wait('a', 59_999)).toBe(1);
    expect(window.wait('a', MINUTE)).toBe(0);
    window.add('a', MINUTE);
    expect(window.wait('a', MINUTE)).toBe(10);
  });

  it('counts each key for itself', () => {
    const window = new AttemptWindow(1, MINUTE);
    window.add('a', 0);
    expect(window.wait('b', 0)).toBe(0);
  });

  it('forgets what was taken back, and nothing else', () => {
    const window = new AttemptWindow(1, MINUTE);
    window.add('a', 5);
    window.remove('a', 4);
    window.remove('b', 5);
    expect(window.wait('a', 6)).toBe(60);
    window.remove('a', 5);
    expect(window.wait('a', 6)).toBe(0);
  });

  it('remembers ten thousand keys, the latest', () => {
    const window = new AttemptWindow(1, MINUTE);
    for (let key = 0; key <= 10_000; key += 1) window.add(String(key), 0);
    expect(window.wait('0', 1)).toBe(0);
    expect(window.wait('1', 1)).toBe(60);
    expect(window.wait('10000', 1)).toBe(60);
  });
});

describe('the limits of signing in', () => {
  const limiter = (): SignInLimiter =>
    new SignInLimiter(loadConfig({ SIGN_IN_FAILURES_PER_IP: '2', SIGN_IN_FAILURES_PER_EMAIL: '3' }));

  it('take a whole IPv6 network for one address', () => {
    const limits = limiter();
    limits.begin('2001:db8:1:2::1', 'a@x', 0);
    limits.begin('2001:db8:1:2:ffff::2', 'b@x', 0);
    expect(() => limits.begin('2001:db8:1:2::3', 'c@x', 0)).toThrow(Throttled);
    expect(() => limits.begin('2001:db8:1:3::3', 'c@x', 0)).not.toThrow();
  });

  it('tell who is refused when to come back', () => {
    const limits = limiter();
    limits.begin('10.0.0.1', 'a@x', 0);
    limits.begin('10.0.0.1', 'b@x', 0);
    expect(waitOf(() => limits.begin('10.0.0.1', 'c@x', MINUTE))).toBe(240);
    expect(() => limits.begin('10.0.0.1', 'c@x', 5 * MINUTE)).not.toThrow();
  });

  it('hold for good sign-ins, too, at three hundred in five minutes', () => {
    const limits = limiter();
    for (let time = 0; time < 300; time += 1) limits.begin('10.0.0.1', 'a@x', time)();
    expect(() => limits.begin('10.0.0.1', 'a@x', 300)).toThrow(Throttled);
  });
});
