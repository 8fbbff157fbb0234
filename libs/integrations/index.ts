export { Hook } from '#libs/database';
export { Agencies, type Agency, type AgencyGrant } from './agencies.js';
export { AgencyInstalls, type Installation, type InstallOutcome } from './agency-installs.js';
export {
  AgencyRefused,
  HighLevelUnavailable,
  LocationAlreadyConnected,
  LocationSuspended,
  NotConnected,
  ReauthorizationRequired,
  RefreshLeftToDeskFlow,
} from './connection-errors.js';
export { type ConnectionHealth, type LocationProfile } from './connections.js';
export { ConcurrencyLimit } from './concurrency-limit.js';
export { ConnectionsModule } from './connections.module.js';
export { HighLevelClients } from './highlevel-clients.js';
export { type HookSettings, parseTime, readHookSettings } from './hook-settings.js';
export { IntegrationsModule } from './integrations.module.js';
export { Hooks, type Uninstallation } from './hooks.js';
export { LocationProfiles } from './location-profiles.js';
export { grantFrom, pairFrom, type TokenGrant } from './token-grant.js';
export { TokenRefreshCron } from './token-refresh.cron.js';
export { TokenRefreshModule } from './token-refresh.module.js';
export { TokenRefreshService } from './token-refresh.service.js';
export { type RotationReport, TokenRotation } from './token-rotation.js';
export { TokenRotationModule } from './token-rotation.module.js';
export { TokenUnreadable } from './token-unreadable.js';
export { TokenVault } from './token-vault.js';
