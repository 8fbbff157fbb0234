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
    const { source, hookId } = this.database;
    const started = performance.now();
    this.app.get(WakeUps, { strict: false }).ring('inbound', hookId);
    for (;;) {
      const open = await source.query<unknown[]>(
        `select 1 from ghl.inbox where hook_id = $1 and state in ('pending', 'failed') limit 1`,
        [hookId],
      );
      if (open.length === 0 && (await this.isIdle())) break;
      await setTimeout(LOOK_EVERY_MS);
    }
    const seconds = (performance.now() - started) / 1000;
    const [dead] = await source.query<unknown[]>(`select 1 from ghl.inbox where state = 'dead' limit 1`);
    if (dead) throw new Error('An event could not be applied');
    return seconds;
  }

  private async isIdle(): Promise<boolean> {
    const busy = await this.database.source.query<unknown[]>(
      `select 1 from ghl.inbox where state = 'processing' limit 1`,
    );
    return busy.length === 0;
  }

  stop(): Promise<void> {
    return this.app.close();
  }
}
