/** Everything that is recorded. Whoever records something new adds it here, so that the answer's filter knows it. */
export const AUDIT_ACTIONS = ['event.replay', 'events.replay', 'event.discard', 'events.discard'] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];
