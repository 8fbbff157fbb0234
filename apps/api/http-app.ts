import { type DynamicModule, Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type AppConfig } from '#libs/config';
import { configureApp, createFastifyAdapter } from '#libs/http';
import { createLogger } from '#libs/logging';
import { serveConsole } from './serve-console.js';

/**
 * A Nest application on Fastify with everything an HTTP app of ours needs; not yet listening.
 * @param isApi false for an app whose routes are health checks: nobody looks at its documentation or its pages
 */
export async function createHttpApp(
  module: DynamicModule,
  config: AppConfig,
  { isApi = true }: { isApi?: boolean } = {},
): Promise<NestFastifyApplication> {
  Logger.overrideLogger(createLogger(config));
  const app = await NestFactory.create<NestFastifyApplication>(module, createFastifyAdapter(config));
  configureApp(app, config, { docs: isApi });
  if (isApi) serveConsole(app, config);
  return app;
}
