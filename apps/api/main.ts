import 'reflect-metadata';
import { type DynamicModule, Module } from '@nestjs/common';
import { type AppConfig } from '#libs/config';
import { WorkerModule } from '#apps/worker/worker.module.js';
import { ApiModule } from './api.module.js';
import { launch } from './launch.js';

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

await launch((config) =>
  config.redisUrl === undefined ? ApiAndWorkerModule.register(config) : ApiModule.register(config),
);
