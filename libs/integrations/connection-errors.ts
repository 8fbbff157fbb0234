import { DomainError } from '#libs/errors';
import { text } from '#libs/i18n';
import { type TokenSubject } from './token-subject.js';

/** The account has no HighLevel connection, or not the one asked for, or its tokens are gone (uninstalled). */
export class NotConnected extends DomainError {
  readonly code = 'not_connected';

  constructor() {
    super('HighLevel is not connected to this account');
  }
}

/** Another account holds the location. It is never moved silently; that account must disconnect it first. */
export class LocationAlreadyConnected extends DomainError {
  readonly code = 'location_already_connected';

  constructor(readonly locationId: string) {
    super(text('error.location_already_connected'), { location_id: locationId });
  }
}

/** HighLevel refused the refresh token and the reconnect; only a new authorization by a person helps. */
export class ReauthorizationRequired extends DomainError {
  readonly code = 'reauthorization_required';

  constructor(
    readonly subject: TokenSubject,
    reason: string,
    since: Date,
  ) {
    super(text('error.reauthorization_required'), { ...subject, reason, since: since.toISOString() });
  }
}

/** The sub-account or its agency is paused or unpaid (HL 2.6); its token is kept and tried again at `retryAt`. */
export class LocationSuspended extends DomainError {
  readonly code = 'highlevel_refused';

  constructor(
    readonly subject: TokenSubject,
    readonly retryAt: Date,
  ) {
    super(text('connection.location_not_active'), {
      ...subject,
      reason: 'location_not_active',
      retry_at: retryAt.toISOString(),
    });
  }
}

/** No fresh token for now: HighLevel does not answer, or answered what cannot be used. Tried again at `retryAt`. */
export class HighLevelUnavailable extends DomainError {
  readonly code = 'highlevel_unavailable';

  constructor(
    readonly subject: TokenSubject,
    readonly reason: string,
    readonly retryAt: Date,
  ) {
    super('HighLevel could not refresh the token', {
      ...subject,
      reason,
      retry_at: retryAt.toISOString(),
    });
  }
}

/** HighLevel refuses a call that only an agency's token may make: nothing but a change over there helps. */
export class AgencyRefused extends DomainError {
  readonly code = 'highlevel_refused';

  constructor(
    readonly reason: AgencyRefusal,
    companyId: string,
  ) {
    super(text(`agency.${reason}`), { company_id: companyId, reason });
  }
}

export type AgencyRefusal = 'scope_missing' | 'not_installed' | 'location_not_active' | 'refused';

/** GHL_TOKEN_REFRESH=off: DeskFlow's own job refreshes, and two refreshers destroy each other's tokens (DM 0.6). */
export class RefreshLeftToDeskFlow extends DomainError {
  readonly code = 'conflict';

  constructor() {
    super(text('connection.refresh_left_to_deskflow'));
  }
}
