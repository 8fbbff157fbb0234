import { setTimeout } from 'node:timers/promises';
import { type INestApplicationContext, Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { loadConfig } from '#libs/config';
import { createLogger } from '#libs/logging';
import { WakeUps } from '#libs/queue';
import { WorkerModule } from '#apps/worker/worker.module.js';
import { type BenchDatabase } from './bench-database.js';
import { serviceEnvironment } from './service-under-test.js';

/** How exactly the end of a drain is seen (milliseconds). */
const LOOK_EVERY_MS = 50;

/** The worker as deployed, in this process. */
export class Drain {
  private constructor(
    private readonly app: INestApplicationContext,
    private readonly database: BenchDatabase,
  ) {}

  static async start(database: BenchDatabase): Promise<Drain> {
    const config = loadConfig({ ...serviceEnvironment(database.url, 'unused-here'), LOG_LEVEL: 'error' });
    Logger.overrideLogger(createLogger(config));
    const app = await NestFactory.createApplicationContext(WorkerModule.register(config));
    return new Drain(app, database);
  }

  /** Wakes the worker and waits until nothing is left to do. @returns seconds */
  async seconds(): Promise<number> {
    const started = performance.now();
    this.app.get(WakeUps, { strict: false }).ring('inbound', this.database.hookId);
    while (await this.isBusy()) await setTimeout(LOOK_EVERY_MS);
    const seconds = (performance.now() - started) / 1000;
    if (await this.has('dead')) throw new Error('An event could not be applied');
    return seconds;
  }

  private async isBusy(): Promise<boolean> {
    for (const state of ['pending', 'processing', 'failed']) if (await this.has(state)) return true;
    return false;
  }

  /** The state as a literal, so that the partial index of it is used: looking must cost nothing. */
  private async has(state: string): Promise<boolean> {
    const rows = await this.database.source.query<unknown[]>(
      `select 1 from ghl.inbox where state = '${state}' and hook_id = $1 and account_id = 1 limit 1`,
      [this.database.hookId],
    );
    return rows.length > 0;
  }

  stop(): Promise<void> {
    return this.app.close();
  }
}
