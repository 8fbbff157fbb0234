import {
  type DynamicModule,
  type INestApplicationContext,
  Logger,
  Module,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { type AppConfig, ConfigModule } from '#libs/config';
import { dataSourceOptions } from '#libs/database';
import { configureApp, createFastifyAdapter } from '#libs/http';

type Modules = NonNullable<DynamicModule['imports']>;

/** A pool of its own for each process of a test, ended with it. */
@Module({})
export class PoolModule implements OnApplicationShutdown {
  constructor(private readonly source: DataSource) {}

  static of(source: DataSource): DynamicModule {
    const providers = [{ provide: DataSource, useValue: source }];
    return { module: PoolModule, global: true, providers, exports: [DataSource] };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.source.destroy();
  }
}

@Module({})
class ServiceModule {}

/** A part of the service over HTTP, at `config.port`, without a log. */
export async function startHttp(config: AppConfig, modules: Modules): Promise<NestFastifyApplication> {
  Logger.overrideLogger(false);
  const app = await NestFactory.create<NestFastifyApplication>(
    await withPool(config, modules),
    createFastifyAdapter(config),
  );
  configureApp(app, config);
  await app.listen(config.port, '127.0.0.1');
  return app;
}

/** A part of the service that nobody calls. */
export async function startContext(config: AppConfig, modules: Modules): Promise<INestApplicationContext> {
  Logger.overrideLogger(false);
  return NestFactory.createApplicationContext(await withPool(config, modules));
}

async function withPool(config: AppConfig, modules: Modules): Promise<DynamicModule> {
  const source = await new DataSource(dataSourceOptions(config.databaseUrl)).initialize();
  return {
    module: ServiceModule,
    imports: [ConfigModule.register(config), PoolModule.of(source), ...modules],
  };
}
