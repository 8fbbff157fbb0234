import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where Debian and its kin put it. */
const EXECUTABLE = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);

/** A suite that needs a real browser; it is reported as skipped, and says why, where none is installed. */
export function describeWithChromium(name: string, suite: () => void): void {
  if (EXECUTABLE === undefined)
    describe.skip(`${name} (skipped: no chromium; apt-get install chromium)`, suite);
  else describe(name, suite);
}

export function launchChromium(): Promise<Browser> {
  // Its sandbox does not run as root, which is what containers test as.
  return chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'] });
}
