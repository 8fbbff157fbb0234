import { type ErrorCode } from '#libs/errors';

export interface ErrorAnswer {
  readonly status: number;
  /** The sentence for every error of this code; without it the error's own message is shown. */
  readonly sentence?: string;
  /** For the OpenAPI document, where the error's own message is shown. */
  readonly example?: string;
  /** Seconds of `Retry-After` where the error does not know better. */
  readonly retryAfterSeconds?: number;
}

/**
 * Status and sentence of every error: Chatwoot's own wherever it has one (DM 3), among them 401 rather than 403 for a
 * missing role. Total over `ErrorCode`.
 */
export const ERROR_ANSWERS: Readonly<Record<ErrorCode, ErrorAnswer>> = {
  account_suspended: { status: 401, sentence: 'Account is suspended' },
  bad_request: { status: 400, example: 'The request cannot be understood' },
  bot_not_authorized: { status: 401, sentence: 'Access to this endpoint is not authorized for bots' },
  conflict: { status: 409, example: 'Refreshing tokens is left to DeskFlow' },
  event_not_replayable: {
    status: 409,
    example: 'The event cannot be replayed: its payload was dropped',
  },
  headers_too_large: { status: 431, sentence: 'The request headers are too large' },
  highlevel_refused: { status: 422, example: 'HighLevel refused the request' },
  highlevel_unavailable: {
    status: 502,
    sentence: 'HighLevel does not answer at the moment',
    retryAfterSeconds: 30,
  },
  internal_error: { status: 500, sentence: 'Internal server error' },
  invalid_access_token: { status: 401, sentence: 'Invalid Access Token' },
  invalid_credentials: { status: 401, sentence: 'Invalid login credentials. Please try again.' },
  location_already_connected: {
    status: 422,
    example: 'This HighLevel location is connected to another account',
  },
  malformed_json: { status: 400, sentence: 'The request body is not valid JSON' },
  not_a_member: { status: 401, sentence: 'You are not authorized to access this account' },
  not_authorized: { status: 401, sentence: 'You are not authorized to do this action' },
  not_configured: { status: 422, sentence: 'GHL OAuth credentials not configured' },
  not_connected: { status: 404, sentence: 'Resource could not be found' },
  not_found: { status: 404, sentence: 'Resource could not be found' },
  otp_required: {
    status: 401,
    sentence: 'This user signs in with a one-time password, which is asked for by DeskFlow only',
  },
  outside_replay_window: {
    status: 422,
    sentence: 'A delivery without webhookId is taken only while its timestamp is recent',
  },
  parameter_missing: { status: 422, example: 'param is missing or the value is empty: name' },
  payload_too_large: { status: 413, sentence: 'The request body is too large' },
  reauthorization_required: { status: 422, example: 'HighLevel must be authorized again' },
  request_timeout: { status: 408, sentence: 'The request took too long to arrive' },
  signature_rejected: { status: 401, sentence: 'Invalid signature' },
  throttled: { status: 429, sentence: 'Retry later', retryAfterSeconds: 60 },
  token_unreadable: {
    status: 500,
    sentence: 'The stored token cannot be decrypted with the configured keys',
  },
  unauthenticated: { status: 401, sentence: 'You need to sign in or sign up before continuing.' },
  unavailable: { status: 503, example: 'Database is unavailable', retryAfterSeconds: 5 },
  unsupported_media_type: {
    status: 415,
    sentence: 'The content type of the request body is not supported here',
  },
  uri_too_long: { status: 414, sentence: 'The request address is too long' },
  validation_failed: { status: 422, example: 'Name must be a string' },
};
