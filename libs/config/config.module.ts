import { type DynamicModule, Logger, Module, type OnModuleInit } from '@nestjs/common';
import { AppConfig } from './app-config.js';
import { GlobalConfigService } from './global-config.service.js';

const registered = new WeakMap<AppConfig, DynamicModule>();

/**
 * Provides `AppConfig` and `GlobalConfigService` everywhere. The latter reads the database, so an application that
 * registers this module also imports `DatabaseModule`.
 */
@Module({})
export class ConfigModule implements OnModuleInit {
  private readonly logger = new Logger(ConfigModule.name);

  constructor(private readonly config: AppConfig) {}

  /** The same answer for the same configuration, so that Nest keeps one module of it however often it is imported. */
  static register(config: AppConfig): DynamicModule {
    const known = registered.get(config);
    if (known) return known;
    const module = {
      module: ConfigModule,
      global: true,
      providers: [{ provide: AppConfig, useValue: config }, GlobalConfigService],
      exports: [AppConfig, GlobalConfigService],
    };
    registered.set(config, module);
    return module;
  }

  onModuleInit(): void {
    for (const warning of this.config.warnings) this.logger.warn(warning);
  }
}
