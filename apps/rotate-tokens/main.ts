import 'reflect-metadata';
import { type DynamicModule, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { explainFailure } from '#apps/api/explain-failure.js';
import { type AppConfig, ConfigModule, loadConfig } from '#libs/config';
import { DatabaseModule } from '#libs/database';
import { TokenRotation, TokenRotationModule } from '#libs/integrations';
import { createLogger } from '#libs/logging';

@Module({})
class RotateTokensModule {
  static register(config: AppConfig): DynamicModule {
    const imports = [ConfigModule.register(config), DatabaseModule, TokenRotationModule];
    return { module: RotateTokensModule, imports };
  }
}

/**
 * Brings every stored token under the first of the configured keys, then ends: with 0, or with 1 when some could not be
 * read or were busy. May run while the system runs, be ended at any time, and be run again.
 */
try {
  const config = loadConfig(process.env);
  if (!config.encryption) throw new Error('No encryption keys are configured: there is nothing to rotate to');
  Logger.overrideLogger(createLogger(config));
  const app = await NestFactory.createApplicationContext(RotateTokensModule.register(config));
  const { current, rewritten, unreadable, busy } = await app.get(TokenRotation).run();
  await app.close();
  process.stdout.write(
    `${current} rows are current, ${rewritten} of them rewritten; ${unreadable} unreadable, ${busy} busy\n`,
  );
  if (unreadable + busy > 0) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`\n${explainFailure(error)}\n\n`);
  process.exit(1);
}
