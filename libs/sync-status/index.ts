export { SyncStatusModule } from './sync-status.module.js';
