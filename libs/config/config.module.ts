import { type DynamicModule, Logger, Module, type OnModuleInit } from '@nestjs/common';
import { AppConfig } from './app-config.js';
import { GlobalConfigService } from './global-config.service.js';

/**
 * Provides `AppConfig` and `GlobalConfigService` everywhere. The latter reads the database, so an application that
 * registers this module also imports `DatabaseModule`.
 */
@Module({})
export class ConfigModule implements OnModuleInit {
  private readonly logger = new Logger(ConfigModule.name);

  constructor(private readonly config: AppConfig) {}

  static register(config: AppConfig): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: AppConfig, useValue: config }, GlobalConfigService],
      exports: [AppConfig, GlobalConfigService],
    };
  }

  onModuleInit(): void {
    for (const warning of this.config.warnings) this.logger.warn(warning);
  }
}
