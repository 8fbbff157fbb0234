/** Everything that is recorded. Whoever records something new adds it here, so that the answer's filter knows it. */
export const AUDIT_ACTIONS = [
  'event.replay',
  'events.replay',
  'event.discard',
  'events.discard',
  'connection.connect',
  'connection.refresh',
  'connection.reauthorization_required',
  'connection.disconnect',
  'connection.uninstall',
  'agency.connect',
  'agency.refresh',
  'agency.reauthorization_required',
  'agency.disconnect',
  'agency.uninstall',
  'settings.change',
  'conflict.reverse',
  'import.start',
  'import.pause',
  'import.resume',
  'import.cancel',
  'reconciliation.request',
  'contact.sync',
  'contact.unlink',
  'match.resolve',
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];
