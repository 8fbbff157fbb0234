import { InjectQueue } from '@nestjs/bull';
import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Queue } from 'bull';
import { type RingJob } from './bull-lane.js';
import { within } from './within.js';

/** A Redis that takes longer is not there; what is written here can wait (milliseconds). */
const WRITE_WITHIN_MS = 2_000;
/** Somebody waits for it (milliseconds). */
const RUN_WITHIN_MS = 500;

/** Changes to keys as other programs name them: the prefix of this service's own keys does not apply. */
export interface KeyChanges {
  readonly set?: ReadonlyMap<string, string>;
  readonly remove?: readonly string[];
}

/** The Redis that this service shares with others, if REDIS_URL names one. */
export abstract class SharedRedis {
  /** Never rejects. @returns false when Redis did not answer in time, or refused */
  abstract write(changes: KeyChanges): Promise<boolean>;

  /**
   * Runs a Lua script. Never rejects.
   * @param keys as other programs name them, all with the same part in braces
   * @returns undefined when there is no Redis, or it did not answer in time or refused
   */
  abstract run(script: string, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
}

/** Over the connection that the queue has anyway. */
@Injectable()
export class QueueRedis extends SharedRedis {
  constructor(@InjectQueue('outbound') private readonly queue: Queue<RingJob>) {
    super();
  }

  async write({ set = new Map<string, string>(), remove = [] }: KeyChanges): Promise<boolean> {
    const { client } = this.queue;
    // Without a connection commands would wait in memory for it.
    if (client.status !== 'ready') return false;
    const pipeline = client.pipeline();
    for (const [key, value] of set) pipeline.set(key, value);
    for (const key of remove) pipeline.del(key);
    let failed = false;
    const written = pipeline.exec().then(
      (answers) => {
        failed = (answers ?? []).some(([error]) => error !== null);
      },
      () => {
        failed = true;
      },
    );
    return (await within(WRITE_WITHIN_MS, written)) && !failed;
  }

  async run(script: string, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    const { client } = this.queue;
    if (client.status !== 'ready') return undefined;
    let answer: unknown;
    const ran = runScript(client, script, keys, args).then((result) => {
      answer = result;
    });
    await within(RUN_WITHIN_MS, ran);
    return answer;
  }
}

/** Without Redis nobody reads those keys. */
@Injectable()
export class NoSharedRedis extends SharedRedis {
  write(): Promise<boolean> {
    return Promise.resolve(true);
  }

  run(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}

const digests = new Map<string, string>();

/** By its digest; Redis is told the text when it does not know it, for example after a restart. */
async function runScript(
  client: Queue['client'],
  script: string,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  const digest = digests.get(script) ?? createHash('sha1').update(script).digest('hex');
  digests.set(script, digest);
  try {
    return await client.evalsha(digest, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return client.eval(script, keys.length, ...keys, ...args);
  }
}
