import { DomainError } from '#libs/errors';

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
    super('This HighLevel location is already connected to another account', { location_id: locationId });
  }
}

/** HighLevel refused the refresh token and the reconnect; only a new authorization by a person helps. */
export class ReauthorizationRequired extends DomainError {
  readonly code = 'reauthorization_required';

  constructor(
    readonly hookId: number,
    reason: string,
    since: Date,
  ) {
    super('HighLevel must be authorized again', { hook_id: hookId, reason, since: since.toISOString() });
  }
}

/** The sub-account or its agency is paused or unpaid (HL 2.6); its token is kept and tried again at `retryAt`. */
export class LocationSuspended extends DomainError {
  readonly code = 'highlevel_refused';

  constructor(
    readonly hookId: number,
    readonly retryAt: Date,
  ) {
    super('The HighLevel location is not active', {
      hook_id: hookId,
      reason: 'location_not_active',
      retry_at: retryAt.toISOString(),
    });
  }
}

/** No fresh token for now: HighLevel does not answer, or answered what cannot be used. Tried again at `retryAt`. */
export class HighLevelUnavailable extends DomainError {
  readonly code = 'highlevel_unavailable';

  constructor(
    readonly hookId: number,
    reason: string,
    readonly retryAt: Date,
  ) {
    super('HighLevel could not refresh the token', {
      hook_id: hookId,
      reason,
      retry_at: retryAt.toISOString(),
    });
  }
}

/** GHL_TOKEN_REFRESH=off: DeskFlow's own job refreshes, and two refreshers destroy each other's tokens (DM 0.6). */
export class RefreshLeftToDeskFlow extends DomainError {
  readonly code = 'conflict';

  constructor() {
    super('Refreshing tokens is left to DeskFlow (GHL_TOKEN_REFRESH is off)');
  }
}
