import 'reflect-metadata';
import { type DynamicModule, Module } from '@nestjs/common';
import { type AppConfig, loadConfig } from '#libs/config';
import { WorkerModule } from '#apps/worker/worker.module.js';
import { ApiModule } from './api.module.js';
import { createHttpApp } from './http-app.js';

/** Without Redis nobody else can be woken, so this process does the worker's part as well. */
@Module({})
class ApiAndWorkerModule {
  static register(config: AppConfig): DynamicModule {
    return {
      module: ApiAndWorkerModule,
      imports: [ApiModule.register(config), WorkerModule.register(config)],
    };
  }
}

const config = loadConfig(process.env);
const app = await createHttpApp(
  config.redisUrl ? ApiModule.register(config) : ApiAndWorkerModule.register(config),
  config,
);
await app.listen(config.port, config.host);
