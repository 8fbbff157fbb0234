import { setTimeout } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { type Job, type Queue } from 'bull';
import { Unavailable } from '#libs/errors';
import { KEY_PREFIX } from './bull-options.js';
import { STOP_WITHIN_MS, within } from './within.js';

/** Adds to Redis in one go; more hooks than that go into the next. */
const MAX_RINGS_PER_WRITE = 500;
/**
 * However many events a second come for a hook, it is woken no more often (milliseconds). Who comes after a rest is woken
 * at once. A wake-up costs a worker about as much as ten events that it finds together.
 */
const REST_BETWEEN_WRITES_MS = 50;
/** A Redis that takes longer to answer a ping is not there (milliseconds). */
const PING_WITHIN_MS = 2_000;
/** A connection that takes longer will not come while the process stops (milliseconds). */
const CONNECT_WITHIN_MS = 1_000;

export interface RingJob {
  readonly hookId: number;
  /** What the hook's ring counter said when the job was added. */
  readonly ring: number;
}

/**
 * The wake-ups of one lane over Bull. A job's id is the hook's, so Redis holds one at most. Bull drops a job whose id
 * is taken, also while that job is being worked on, so every ring counts up first: a job that ends and finds the
 * counter moved since it was added adds the next one. At worst a hook is woken once more than needed.
 */
export class BullLane {
  private readonly logger = new Logger(BullLane.name);
  private readonly rung = new Set<number>();
  private readonly ringsKey: string;
  private writing = false;
  private stopping: Promise<void> | undefined;
  private redisAway = false;

  constructor(private readonly queue: Queue<RingJob>) {
    this.ringsKey = `${KEY_PREFIX}:${queue.name}:rings`;
    queue.on('error', (error) => this.reportAway(error));
    queue.client.on('ready', () => this.reportBack());
    queue.on('completed', (job) => void this.wakeAgain(job));
    queue.on('failed', (job, err) => {
      this.logger.error({ msg: 'A wake-up failed', lane: queue.name, hookId: job.data.hookId, err });
      void this.wakeAgain(job);
    });
  }

  ring(hookId: number): void {
    if (this.stopping) return;
    this.rung.add(hookId);
    if (!this.writing) void this.write();
  }

  /** @throws Unavailable */
  async ping(): Promise<void> {
    const ping = this.queue.client.ping();
    if (!(await within(PING_WITHIN_MS, ping))) throw new Unavailable('redis');
    await ping.catch((cause: unknown) => {
      throw new Unavailable('redis', { cause });
    });
  }

  /** Takes nothing new, lets what runs finish within bounds, and hangs up. */
  stop(): Promise<void> {
    // Once only: to pause a queue that is closed, Bull connects anew, and nobody would close that connection.
    return (this.stopping ??= this.hangUp());
  }

  private async hangUp(): Promise<void> {
    this.rung.clear();
    await this.finishStarting();
    if (!(await within(STOP_WITHIN_MS, this.queue.pause(true)))) {
      this.logger.warn({ msg: 'Work was still running when the process had to stop', lane: this.queue.name });
    }
    await within(PING_WITHIN_MS, this.queue.close(true));
  }

  /**
   * Bull starts working without anybody awaiting it. Hanging up in the middle would make that a rejection which nobody
   * handles and which ends a Node process; so connections under way get a moment, and what still waits for a Redis
   * that never answered is let go.
   */
  private async finishStarting(): Promise<void> {
    const end = Date.now() + CONNECT_WITHIN_MS;
    const pending = (): Queue['clients'] => this.queue.clients.filter(({ status }) => status !== 'ready');
    while (pending().length > 0 && Date.now() < end) await setTimeout(10);
    for (const client of pending()) client.removeAllListeners('end');
  }

  private async write(): Promise<void> {
    this.writing = true;
    try {
      while (this.rung.size > 0 && !this.stopping) {
        const hookIds = [...this.rung].slice(0, MAX_RINGS_PER_WRITE);
        for (const hookId of hookIds) this.rung.delete(hookId);
        await this.add(await this.count(hookIds));
        this.reportBack();
        await setTimeout(REST_BETWEEN_WRITES_MS);
      }
    } catch (error) {
      this.rung.clear(); // the sweeper rings for them
      this.reportAway(error);
    } finally {
      this.writing = false;
    }
  }

  private async count(hookIds: readonly number[]): Promise<RingJob[]> {
    const pipeline = this.queue.client.pipeline();
    for (const hookId of hookIds) pipeline.hincrby(this.ringsKey, String(hookId), 1);
    const answers = (await pipeline.exec()) ?? [];
    return hookIds.map((hookId, index) => ({ hookId, ring: Number(answers[index]?.[1] ?? 0) }));
  }

  private async add(jobs: readonly RingJob[]): Promise<void> {
    await this.queue.addBulk(jobs.map((data) => ({ data, opts: { jobId: data.hookId } })));
  }

  private async wakeAgain({ data }: Job<RingJob>): Promise<void> {
    if (this.stopping) return;
    try {
      const ring = Number(await this.queue.client.hget(this.ringsKey, String(data.hookId)));
      if (ring !== data.ring) await this.add([{ hookId: data.hookId, ring }]);
    } catch (error) {
      this.reportAway(error);
    }
  }

  /** Once an outage: every connection tells of it, with each try to come back. */
  private reportAway(error: unknown): void {
    if (this.redisAway || this.stopping) return;
    this.redisAway = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.logger.warn({
      msg: 'Redis does not answer; due rows wait for it in PostgreSQL',
      lane: this.queue.name,
      reason,
    });
  }

  private reportBack(): void {
    if (this.redisAway) this.logger.log({ msg: 'Redis answers again', lane: this.queue.name });
    this.redisAway = false;
  }
}
