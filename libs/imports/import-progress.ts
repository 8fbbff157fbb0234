import { Injectable, type MessageEvent, type OnModuleDestroy } from '@nestjs/common';
import { Throttled } from '#libs/errors';
import {
  concatMap,
  distinctUntilChanged,
  finalize,
  map,
  merge,
  type Observable,
  Subject,
  takeUntil,
  takeWhile,
  timer,
} from 'rxjs';
import { hasEnded, importView } from './import-view.js';
import { Imports } from './imports.js';

const LOOK_EVERY_MS = 1_000;
/** Proxies cut connections that say nothing for a minute. */
const SIGN_OF_LIFE_EVERY_MS = 15_000;
/** Then the client connects anew, and shows its credentials again. */
const STREAM_FOR_MS = 10 * 60_000;
/** Each asks the database once a second. */
const MAX_STREAMS = 50;
const RETRY_AFTER_SECONDS = 10;

/** Tells how an import gets on, as it does. */
@Injectable()
export class ImportProgress implements OnModuleDestroy {
  private readonly stopping = new Subject<void>();
  private streams = 0;

  constructor(private readonly imports: Imports) {}

  /** Streams would keep the server from closing. */
  onModuleDestroy(): void {
    this.stopping.next();
  }

  /**
   * The import as it is now and whenever it has changed, until it has ended.
   * @throws NotFound; Throttled when too many are watching at this process
   */
  async watch(accountId: number, id: number): Promise<Observable<MessageEvent>> {
    await this.imports.one(accountId, id);
    if (this.streams >= MAX_STREAMS) throw new Throttled(RETRY_AFTER_SECONDS);
    this.streams += 1;
    const progress = timer(0, LOOK_EVERY_MS).pipe(
      concatMap(() => this.imports.one(accountId, id)),
      distinctUntilChanged((one, other) => one.updatedAt.getTime() === other.updatedAt.getTime()),
      map((found) => ({ found, message: { type: 'progress', data: importView(found) } })),
      takeWhile(({ found }) => !hasEnded(found), true),
    );
    const ended = new Subject<void>();
    const messages = progress.pipe(
      map(({ message }): MessageEvent => message),
      finalize(() => ended.next()),
    );
    const signsOfLife = timer(SIGN_OF_LIFE_EVERY_MS, SIGN_OF_LIFE_EVERY_MS).pipe(
      map((): MessageEvent => ({ comment: 'still here' })),
      takeUntil(ended),
    );
    return merge(messages, signsOfLife).pipe(
      takeUntil(merge(this.stopping, timer(STREAM_FOR_MS))),
      finalize(() => (this.streams -= 1)),
    );
  }
}
