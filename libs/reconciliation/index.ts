export { ReconciliationModule, ReconciliationWorkerModule } from './reconciliation.module.js';
export { ReconciliationRunner } from './reconciliation-runner.js';
