import { InjectQueue } from '@nestjs/bull';
import { Injectable } from '@nestjs/common';
import { type Queue } from 'bull';
import { type RingJob } from './bull-lane.js';
import { within } from './within.js';

/** A Redis that takes longer is not there; what is written here can wait (milliseconds). */
const WRITE_WITHIN_MS = 2_000;

/** Changes to keys as other programs name them: the prefix of this service's own keys does not apply. */
export interface KeyChanges {
  readonly set?: ReadonlyMap<string, string>;
  readonly remove?: readonly string[];
}

/** The Redis that this service shares with others, if REDIS_URL names one. */
export abstract class SharedRedis {
  /** Never rejects. @returns false when Redis did not answer in time, or refused */
  abstract write(changes: KeyChanges): Promise<boolean>;
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
}

/** Without Redis nobody reads those keys. */
@Injectable()
export class NoSharedRedis extends SharedRedis {
  write(): Promise<boolean> {
    return Promise.resolve(true);
  }
}
