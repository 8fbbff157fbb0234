import { Conflict } from '#libs/errors';
import { text } from '#libs/i18n';

/** The lease ran out and somebody else has the rows; what this worker did in its transaction must not stand. */
export class LeaseLost extends Conflict {
  constructor() {
    super(text('failure.lease_lost'));
  }
}
