import { type ErrorCode } from '#libs/errors';
import { complaint, nameOfAttribute, text, type Text } from '#libs/i18n';

export interface ErrorAnswer {
  readonly status: number;
  /** For the OpenAPI document, where errors of the code mostly have words of their own. */
  readonly example?: Text;
  /** Seconds of `Retry-After` where the error does not know better. */
  readonly retryAfterSeconds?: number;
}

/** Status of every error: Chatwoot's own (DM 3), among them 401 rather than 403 for a missing role. Total over `ErrorCode`. */
export const ERROR_ANSWERS: Readonly<Record<ErrorCode, ErrorAnswer>> = {
  account_suspended: { status: 401 },
  bad_request: { status: 400 },
  bot_not_authorized: { status: 401 },
  conflict: { status: 409, example: text('connection.refresh_left_to_deskflow') },
  event_not_replayable: { status: 409, example: text('event.payload_dropped') },
  headers_too_large: { status: 431 },
  highlevel_refused: { status: 422 },
  highlevel_unavailable: { status: 502, retryAfterSeconds: 30 },
  internal_error: { status: 500 },
  invalid_access_token: { status: 401 },
  invalid_credentials: { status: 401 },
  location_already_connected: { status: 422 },
  malformed_json: { status: 400 },
  not_a_member: { status: 401 },
  not_authorized: { status: 401 },
  not_configured: { status: 422 },
  not_connected: { status: 404 },
  not_found: { status: 404 },
  otp_required: { status: 401 },
  outside_replay_window: { status: 422 },
  parameter_missing: { status: 422, example: text('request.parameter_missing', { parameter: 'name' }) },
  payload_too_large: { status: 413 },
  reauthorization_required: { status: 422 },
  request_timeout: { status: 408 },
  signature_rejected: { status: 401 },
  sso_refused: { status: 401, example: text('sso.context_invalid') },
  throttled: { status: 429, retryAfterSeconds: 60 },
  token_unreadable: { status: 500 },
  unauthenticated: { status: 401 },
  unavailable: { status: 503, example: text('unavailable.database'), retryAfterSeconds: 5 },
  unsupported_media_type: { status: 415 },
  uri_too_long: { status: 414 },
  validation_failed: {
    status: 422,
    example: complaint(text('validation.is_string'), nameOfAttribute('name')),
  },
};

/** What every error of the code may be answered with. Does not compile while a code has no sentence. */
export function sentenceOfCode(code: ErrorCode): Text {
  return text(`error.${code}`);
}
