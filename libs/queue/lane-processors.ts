import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { type Lane, LANES } from './lane.js';
import { type WakeUp } from './wake-ups.js';

/** Where `@Processor()` and `@Process()` of @nestjs/bull leave their options; the package does not export the names. */
const PROCESSOR_METADATA = 'bull:module_queue';
const PROCESS_METADATA = 'bull:module_queue_process';

export interface LaneProcessor {
  readonly lane: Lane;
  /** What Bull would run at once in one process: `concurrency` of `@Process()`, 1 where it says nothing. */
  readonly concurrency: number;
  readonly process: (wakeUp: WakeUp) => Promise<void>;
}

/** Finds the classes that Bull would run, for running them without Bull. */
@Injectable()
export class LaneProcessors {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
    private readonly scanner: MetadataScanner,
  ) {}

  /** @throws Error when a processor names no lane, or has not exactly one `@Process()` method */
  find(): LaneProcessor[] {
    return this.discovery.getProviders().flatMap(({ instance }) => {
      if (!isObject(instance)) return [];
      const options = this.reflector.get<{ name?: string } | undefined>(
        PROCESSOR_METADATA,
        instance.constructor,
      );
      return options ? [this.describe(instance, options.name)] : [];
    });
  }

  private describe(instance: Record<string, unknown>, name: string | undefined): LaneProcessor {
    const lane = LANES.find((known) => known === name);
    if (!lane) throw new Error(`${instance.constructor.name} processes "${name ?? ''}", which is no lane`);
    const methods = this.scanner
      .getAllMethodNames(Object.getPrototypeOf(instance) as object)
      .flatMap((key) => {
        const method = instance[key] as (wakeUp: WakeUp) => unknown;
        const options = this.reflector.get<{ concurrency?: number } | undefined>(PROCESS_METADATA, method);
        return options ? [{ method, concurrency: options.concurrency ?? 1 }] : [];
      });
    const [only] = methods;
    if (!only || methods.length > 1)
      throw new Error(`${instance.constructor.name} needs one @Process() method`);
    return {
      lane,
      concurrency: only.concurrency,
      process: async (wakeUp) => {
        await only.method.call(instance, wakeUp);
      },
    };
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && typeof value.constructor === 'function';
}
