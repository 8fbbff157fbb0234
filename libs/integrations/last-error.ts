/** What an administrator can make of each reason that a failed refresh leaves. */
const SENTENCES: Readonly<Record<string, string>> = {
  refresh_token_refused: 'HighLevel refuses the refresh token, and to reconnect without a new authorization',
  refresh_token_missing:
    'There is no refresh token, and HighLevel refuses to reconnect without a new authorization',
  location_not_active: 'The HighLevel location is not active: it, or its agency, is paused or has not paid',
  credentials_refused: 'HighLevel refuses the client id and secret of this installation',
  highlevel_unavailable: 'HighLevel did not answer, or gave an answer that cannot be used',
  uninstalled: 'The app was removed in HighLevel',
};

/** The last failure in words; null after a success. */
export function lastError(reason: string | null | undefined): string | null {
  if (reason === null || reason === undefined) return null;
  return SENTENCES[reason] ?? `The token could not be refreshed (${reason})`;
}
