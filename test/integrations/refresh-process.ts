import 'reflect-metadata';
import { Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { ConfigModule, loadConfig } from '#libs/config';
import { dataSourceOptions } from '#libs/database';
import { ConnectionsModule, TokenRefreshService } from '#libs/integrations';
import { PoolModule } from '../harness/service.js';
import { type Order } from './refresher.js';

@Module({})
class RefreshProcess {}

/** A process of the service that can be killed: it asks for tokens when it is told to, and sends back what it got. */
async function main(): Promise<void> {
  Logger.overrideLogger(false);
  const config = loadConfig(process.env);
  const source = await new DataSource(dataSourceOptions(config.databaseUrl)).initialize();
  const app = await NestFactory.createApplicationContext({
    module: RefreshProcess,
    imports: [ConfigModule.register(config), PoolModule.of(source), ConnectionsModule],
  });
  const refresh = app.get(TokenRefreshService);
  process.on('message', ({ hookId, callers }: Order) => {
    const asked = Array.from({ length: callers }, () => refresh.freshAccessToken(hookId));
    void Promise.all(asked).then(
      (tokens) => process.send?.({ tokens }),
      (error: unknown) => process.send?.({ failed: String(error) }),
    );
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ ready: true });
}

await main();
