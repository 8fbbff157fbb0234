import 'reflect-metadata';
import { type DynamicModule, Module } from '@nestjs/common';
import { createHttpApp } from '#apps/api/http-app.js';
import { type AppConfig, loadConfig } from '#libs/config';
import { HealthModule } from '#libs/health';
import { WorkerModule } from './worker.module.js';

/** The worker answers HTTP for health only. */
@Module({})
class WorkerAppModule {
  static register(config: AppConfig): DynamicModule {
    return { module: WorkerAppModule, imports: [WorkerModule.register(config), HealthModule] };
  }
}

const config = loadConfig(process.env);
const app = await createHttpApp(WorkerAppModule.register(config), config);
await app.listen(config.port, config.host);
