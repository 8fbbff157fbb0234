import { Module } from '@nestjs/common';
import { AuditLog } from './audit-log.js';
import { AuditController } from './audit.controller.js';

/** Recording, without HTTP: for every process. */
@Module({ providers: [AuditLog], exports: [AuditLog] })
export class AuditModule {}

/** The endpoint by which administrators read what was recorded. */
@Module({ imports: [AuditModule], controllers: [AuditController] })
export class AuditHttpModule {}
