import { Module } from '@nestjs/common';
import { AuditModule } from '#libs/audit';
import { ContactSyncModule } from '#libs/contact-sync';
import { ConnectionsModule } from '#libs/integrations';
import { MetricsModule } from '#libs/metrics';
import { ChangesPoll } from './changes-poll.js';
import { DeletionsSweep } from './deletions-sweep.js';
import { ReconciliationClaims } from './reconciliation-claims.js';
import { ReconciliationLog } from './reconciliation-log.js';
import { ReconciliationMetrics } from './reconciliation-metrics.js';
import { ReconciliationRunner } from './reconciliation-runner.js';
import { ReconciliationController } from './reconciliation.controller.js';
import { SightedContacts } from './sighted-contacts.js';

/** Shows administrators what reconciliations found, and takes their wish for one. */
@Module({
  imports: [AuditModule],
  controllers: [ReconciliationController],
  providers: [ReconciliationClaims, ReconciliationLog],
})
export class ReconciliationModule {}

/** Does the work. Needs `ScheduleModule`. */
@Module({
  imports: [ConnectionsModule, ContactSyncModule, MetricsModule],
  providers: [
    ChangesPoll,
    DeletionsSweep,
    ReconciliationClaims,
    ReconciliationMetrics,
    ReconciliationRunner,
    SightedContacts,
  ],
})
export class ReconciliationWorkerModule {}
