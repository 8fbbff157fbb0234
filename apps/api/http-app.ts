import { type DynamicModule, Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type AppConfig } from '#libs/config';
import { configureApp, createFastifyAdapter } from '#libs/http';
import { createLogger } from '#libs/logging';

/**
 * A Nest application on Fastify with everything an HTTP app of ours needs; not yet listening.
 * @param options as `configureApp` takes them
 */
export async function createHttpApp(
  module: DynamicModule,
  config: AppConfig,
  options: { docs?: boolean } = {},
): Promise<NestFastifyApplication> {
  Logger.overrideLogger(createLogger(config));
  const app = await NestFactory.create<NestFastifyApplication>(module, createFastifyAdapter(config));
  configureApp(app, config, options);
  return app;
}
