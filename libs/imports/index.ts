export { CONTACTS_PER_PAGE, ImportRunner } from './import-runner.js';
export { ImportsModule, ImportsWorkerModule } from './imports.module.js';
