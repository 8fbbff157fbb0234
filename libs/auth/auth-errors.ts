import { DomainError } from '#libs/errors';
import { text } from '#libs/i18n';

/** The personal token is not in `access_tokens`, or its owner is gone. */
export class InvalidAccessToken extends DomainError {
  readonly code = 'invalid_access_token';
  constructor() {
    super(text('error.invalid_access_token'));
  }
}

/** The token belongs to an agent bot or a platform application, which may call nothing here. */
export class BotNotAuthorized extends DomainError {
  readonly code = 'bot_not_authorized';
  constructor() {
    super(text('error.bot_not_authorized'));
  }
}

export class AccountSuspended extends DomainError {
  readonly code = 'account_suspended';
  constructor() {
    super(text('error.account_suspended'));
  }
}

/** The account exists, the caller is known, and does not belong to it. */
export class NotAMember extends DomainError {
  readonly code = 'not_a_member';
  constructor() {
    super(text('error.not_a_member'));
  }
}

/** One answer for an unknown e-mail, a wrong password and an unconfirmed address: which of them is nobody's business. */
export class InvalidCredentials extends DomainError {
  readonly code = 'invalid_credentials';
  constructor() {
    super(text('error.invalid_credentials'));
  }
}

/** The password is right, but the user has set up a one-time password, which only DeskFlow itself asks for. */
export class OtpRequired extends DomainError {
  readonly code = 'otp_required';
  constructor() {
    super(text('error.otp_required'));
  }
}
