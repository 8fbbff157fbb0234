import 'reflect-metadata';
import { type DynamicModule, Module } from '@nestjs/common';
import { launch } from '#apps/api/launch.js';
import { type AppConfig } from '#libs/config';
import { HealthModule } from '#libs/health';
import { MetricsModule } from '#libs/metrics';
import { WorkerModule } from './worker.module.js';

/** The worker answers HTTP for health and metrics only. */
@Module({})
class WorkerAppModule {
  static register(config: AppConfig): DynamicModule {
    return {
      module: WorkerAppModule,
      imports: [WorkerModule.register(config), HealthModule, MetricsModule],
    };
  }
}

await launch((config) => WorkerAppModule.register(config), { isApi: false });
