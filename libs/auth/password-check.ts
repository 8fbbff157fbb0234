import { Injectable } from '@nestjs/common';
import { compare } from 'bcryptjs';
import { Throttled } from '#libs/errors';

/** bcrypt with Devise's cost of a text that nobody knows: unknown users take as long to refuse as known ones. */
const NOBODYS_HASH = '$2b$11$3KCWb3fh0PSJ/N4uLWSdIODdjOOQKwDJetXZk73gN/rmL2iA1/a4.';
/** Comparisons run on the main thread in slices: more at once would only make every other request wait. */
const MAX_AT_ONCE = 8;
const RETRY_AFTER_SECONDS = 2;

/** Compares passwords with Devise's bcrypt hashes, a bounded number at a time. */
@Injectable()
export class PasswordCheck {
  private running = 0;

  /**
   * Without a hash it does the same work and answers no.
   * @throws Throttled when too many comparisons are under way
   */
  async matches(password: string, hash: string | undefined): Promise<boolean> {
    if (this.running >= MAX_AT_ONCE) throw new Throttled(RETRY_AFTER_SECONDS);
    this.running += 1;
    try {
      const usable = hash !== undefined && hash !== '';
      const matches = await compare(password, usable ? hash : NOBODYS_HASH);
      return usable && matches;
    } catch {
      return false; // the column holds no bcrypt hash
    } finally {
      this.running -= 1;
    }
  }
}
