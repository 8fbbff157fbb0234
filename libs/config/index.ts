export {
  AppConfig,
  type AppSettings,
  type EncryptionConfig,
  type GhlConfig,
  type LogLevel,
  type NodeEnv,
  type SignInLimits,
  type SwaggerAccess,
} from './app-config.js';
export { ConfigError, type ConfigProblem } from './config-error.js';
export { ConfigModule } from './config.module.js';
export {
  GLOBAL_CONFIG_NAMES,
  type GhlCredentials,
  type GlobalConfigName,
  GlobalConfigService,
  type GlobalConfigState,
} from './global-config.service.js';
export { loadConfig } from './load-config.js';
