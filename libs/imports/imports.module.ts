import { Module } from '@nestjs/common';
import { AuditModule } from '#libs/audit';
import { ContactSyncModule } from '#libs/contact-sync';
import { ConnectionsModule } from '#libs/integrations';
import { ExportWalk } from './export-walk.js';
import { ImportClaims } from './import-claims.js';
import { ImportProgress } from './import-progress.js';
import { ImportRunner } from './import-runner.js';
import { ImportsController } from './imports.controller.js';
import { Imports } from './imports.js';

/** Lets administrators start imports and watch them. */
@Module({
  imports: [AuditModule, ConnectionsModule],
  controllers: [ImportsController],
  providers: [ImportProgress, Imports],
})
export class ImportsModule {}

/** Does the work. Needs `ScheduleModule`. */
@Module({
  imports: [ConnectionsModule, ContactSyncModule],
  providers: [ExportWalk, ImportClaims, ImportRunner],
})
export class ImportsWorkerModule {}
