import { DomainError } from '#libs/errors';
import { text } from '#libs/i18n';

/** Why HighLevel's word for somebody was not taken. */
export const SSO_REFUSALS = [
  'context_invalid',
  'context_used',
  'no_location',
  'location_not_connected',
  'off',
  'user_not_confirmed',
  'no_agent',
] as const;
export type SsoRefusal = (typeof SSO_REFUSALS)[number];

/** Nobody was signed on; `details.reason` says why. */
export class SsoRefused extends DomainError {
  readonly code = 'sso_refused';

  constructor(readonly reason: SsoRefusal) {
    super(text(`sso.${reason}`), { reason });
  }
}

/** GHL_SHARED_SECRET is missing in installation_configs and in the environment. */
export class SsoNotConfigured extends DomainError {
  readonly code = 'not_configured';

  constructor() {
    super(text('sso.not_configured'), { reason: 'shared_secret' });
  }
}
