import { BullModule } from '@nestjs/bull';
import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { type AppConfig } from '#libs/config';
import { bullOptions } from './bull-options.js';
import { BullWakeUps } from './bull-wake-ups.js';
import { InProcessWakeUps } from './in-process-wake-ups.js';
import { LANES } from './lane.js';
import { LaneProcessors } from './lane-processors.js';
import { QueueHealth } from './queue-health.js';
import { NoSharedRedis, QueueRedis, SharedRedis } from './shared-redis.js';
import { WakeUps } from './wake-ups.js';

const registered = new WeakMap<AppConfig, DynamicModule>();

/**
 * Provides `WakeUps`, `QueueHealth` and `SharedRedis` everywhere: over Bull when there is a Redis, in-process otherwise. A process
 * runs the processors whose classes its modules provide, and no others: one without any only rings.
 */
@Module({})
export class QueueModule {
  /** The same answer for the same configuration, so that Nest keeps one module of it however often it is imported. */
  static register(config: AppConfig): DynamicModule {
    const known = registered.get(config);
    if (known) return known;
    const module = config.redisUrl === undefined ? inProcess() : overBull(config.redisUrl);
    registered.set(config, module);
    return module;
  }
}

function overBull(redisUrl: string): DynamicModule {
  return {
    module: QueueModule,
    global: true,
    imports: [BullModule.registerQueue(...LANES.map((lane) => bullOptions(lane, redisUrl)))],
    providers: [BullWakeUps, ...providedBy(BullWakeUps), { provide: SharedRedis, useClass: QueueRedis }],
    exports: [WakeUps, QueueHealth, SharedRedis],
  };
}

function inProcess(): DynamicModule {
  return {
    module: QueueModule,
    global: true,
    imports: [DiscoveryModule],
    providers: [
      LaneProcessors,
      InProcessWakeUps,
      ...providedBy(InProcessWakeUps),
      { provide: SharedRedis, useClass: NoSharedRedis },
    ],
    exports: [WakeUps, QueueHealth, SharedRedis],
  };
}

function providedBy(driver: typeof BullWakeUps | typeof InProcessWakeUps): Provider[] {
  return [
    { provide: WakeUps, useExisting: driver },
    { provide: QueueHealth, useExisting: driver },
  ];
}
