export { AUDIT_ACTIONS, type AuditAction } from './audit-actions.js';
export { type AuditActor, type AuditEntry, AuditLog } from './audit-log.js';
export { AuditHttpModule, AuditModule } from './audit.module.js';
