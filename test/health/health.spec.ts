import { type INestApplication, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { ConfigModule, loadConfig } from '#libs/config';
import { dataSourceOptions } from '#libs/database';
import { HealthModule } from '#libs/health';
import { configureApp, createFastifyAdapter } from '#libs/http';
import { QueueModule } from '#libs/queue';
import { useDatabase } from '../harness/database.js';

const database = useDatabase();
let app: INestApplication | undefined;

afterEach(() => app?.close());

/** @param redisUrl wake-ups stay in the process without one */
async function get(path: string, source: DataSource, redisUrl?: string): Promise<[number, unknown]> {
  const config = loadConfig({
    NODE_ENV: 'test',
    DATABASE_URL: database.url,
    ...(redisUrl !== undefined && { REDIS_URL: redisUrl }),
  });
  @Module({ providers: [{ provide: DataSource, useValue: source }], exports: [DataSource] })
  class SourceModule {}
  @Module({
    imports: [
      ConfigModule.register(config),
      { module: SourceModule, global: true },
      QueueModule.register(config),
      HealthModule,
    ],
  })
  class AppModule {}
  Logger.overrideLogger(false);
  const started = await NestFactory.create<NestFastifyApplication>(AppModule, createFastifyAdapter(config));
  app = started;
  configureApp(started, config);
  await started.init();
  const answer = await started.inject({ method: 'GET', url: path });
  return [answer.statusCode, answer.json()];
}

describe('health', () => {
  it('is ready while database and queue answer', async () => {
    expect(await get('/health/ready', database.source)).toEqual([200, { status: 'ok' }]);
  });

  it('is alive but not ready without its database', async () => {
    const closed = await new DataSource(dataSourceOptions(database.url)).initialize();
    await closed.destroy();
    expect(await get('/health', closed)).toEqual([200, { status: 'ok' }]);
    expect(await get('/health/ready', closed)).toEqual([
      503,
      { error: 'Database is unavailable', code: 'unavailable' },
    ]);
  });

  it('is not ready when Redis does not answer', async () => {
    expect(await get('/health/ready', database.source, 'redis://127.0.0.1:1')).toEqual([
      503,
      { error: 'Redis is unavailable', code: 'unavailable' },
    ]);
  });
});
