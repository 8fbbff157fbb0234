import { randomUUID } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import axios from 'axios';
import { type Faults } from './faults.js';
import { isRecord } from './records.js';
import { type Json } from './model.js';
import { pauseBeforeRetry } from './retry-policy.js';
import { Ring } from './ring.js';
import { type Settings, type SignatureScheme } from './settings.js';
import { type Attempt, type Delivery } from './webhook-delivery.js';

export interface WebhookSenderParts {
  settings(): Readonly<Settings>;
  sign(scheme: SignatureScheme, body: Buffer): Promise<Record<string, string>>;
  faults: Faults;
  now(): number;
  /** 0 to 1. */
  random(): number;
}

const REMEMBERED_DELIVERIES = 5_000;
const LONGEST_QUEUE = 100_000;
const ANSWER_CHARACTERS = 500;
/** How long a delivery that is to be overtaken waits for the one that overtakes it. */
const REORDER_HOLD_MS = 2_000;
/** setTimeout's largest delay; the longest pause of HL 4.3 is far below it. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Sends the bytes as they are and takes any answer for one. */
const http = axios.create({
  httpAgent: new HttpAgent({ keepAlive: true }),
  httpsAgent: new HttpsAgent({ keepAlive: true }),
  maxRedirects: 0,
  responseType: 'text',
  transformRequest: (data: unknown) => data,
  transformResponse: (data: unknown) => data,
  validateStatus: () => true,
});

/**
 * Sends events to the app's webhook URL: signed, in the order they happened unless the settings allow several at
 * once, and again after a failure as the retry policy says. A retry does not hold up what comes after it.
 */
export class WebhookSender {
  private readonly log = new Ring<Delivery>(REMEMBERED_DELIVERIES);
  private readonly queue: Delivery[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly stop = new AbortController();
  private held: Delivery | undefined;
  private underWay = 0;
  private idleWaiters: (() => void)[] = [];

  constructor(private readonly parts: WebhookSenderParts) {}

  /** Oldest first; the newest 5,000. */
  list(): Delivery[] {
    return this.log.list();
  }

  find(id: string): Delivery | undefined {
    return this.list().find((delivery) => delivery.id === id);
  }

  /** @param event an event, or the exact bytes of one for tests of what no serialiser would write */
  send(event: Json | string): Delivery {
    const body = typeof event === 'string' ? event : JSON.stringify(event);
    const delivery = this.newDelivery(body, typeof event === 'string' ? parsed(event) : event);
    this.log.push(delivery);
    const fault = this.parts.faults.strikeWebhook(delivery.type);
    if (fault === 'webhook_drop' || delivery.url === null || this.queue.length >= LONGEST_QUEUE)
      delivery.state = 'dropped';
    else if (fault === 'webhook_reorder' && !this.held) this.hold(delivery);
    else {
      this.enqueue(delivery);
      if (fault === 'webhook_duplicate') this.enqueue(delivery);
      this.releaseHeld();
    }
    return delivery;
  }

  /** Sends it once more, to where events go now. @returns whether there is such a delivery */
  redeliver(id: string): Delivery | undefined {
    const delivery = this.find(id);
    if (!delivery) return undefined;
    delivery.url = this.parts.settings().webhookUrl;
    if (delivery.url !== null) this.enqueue(delivery);
    return delivery;
  }

  /** Resolves when nothing is queued, held or being sent. Deliveries that wait for a retry do not count. */
  async idle(): Promise<void> {
    if (this.isIdle()) return;
    await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
  }

  /** Ends what is under way and forgets what is left. */
  close(): void {
    this.stop.abort();
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    this.queue.length = 0;
    this.held = undefined;
    this.tellIdle();
  }

  private newDelivery(body: string, event: Json): Delivery {
    const { webhookId, type, locationId, companyId } = event;
    return {
      id: typeof webhookId === 'string' ? webhookId : randomUUID(),
      type: typeof type === 'string' ? type : 'unknown',
      ...(typeof locationId === 'string' && { locationId }),
      ...(typeof companyId === 'string' && { companyId }),
      createdAt: new Date(this.parts.now()).toISOString(),
      state: 'queued',
      url: this.parts.settings().webhookUrl,
      body,
      attempts: [],
    };
  }

  private hold(delivery: Delivery): void {
    this.held = delivery;
    this.later(REORDER_HOLD_MS, () => {
      if (this.held === delivery) this.releaseHeld();
    });
  }

  private releaseHeld(): void {
    const delivery = this.held;
    this.held = undefined;
    if (delivery) this.enqueue(delivery);
  }

  private enqueue(delivery: Delivery): void {
    delivery.state = 'queued';
    delivery.nextAttemptAt = undefined;
    this.queue.push(delivery);
    this.pump();
  }

  private pump(): void {
    while (this.underWay < this.parts.settings().webhookConcurrency && !this.stop.signal.aborted) {
      const delivery = this.queue.shift();
      if (!delivery) return;
      this.underWay += 1;
      void this.attempt(delivery).finally(() => {
        this.underWay -= 1;
        this.pump();
        this.tellIdle();
      });
    }
  }

  private async attempt(delivery: Delivery): Promise<void> {
    delivery.state = 'sending';
    const startedAt = this.parts.now();
    const started = performance.now();
    const outcome = await this.post(delivery);
    if (this.stop.signal.aborted) return;
    const durationMs = Math.round(performance.now() - started);
    delivery.attempts.push({ at: new Date(startedAt).toISOString(), durationMs, ...outcome });
    if (outcome.status >= 200 && outcome.status < 300) delivery.state = 'delivered';
    else this.retryLater(delivery);
  }

  private retryLater(delivery: Delivery): void {
    const { retryPolicy, retryTimeFactor } = this.parts.settings();
    const answers = delivery.attempts.map(({ status }) => status);
    const pause = pauseBeforeRetry(retryPolicy, answers, this.parts.random());
    if (pause === undefined) {
      delivery.state = 'failed';
      return;
    }
    const wait = pause * retryTimeFactor;
    delivery.state = 'waiting';
    delivery.nextAttemptAt = new Date(this.parts.now() + wait).toISOString();
    this.later(wait, () => {
      if (delivery.state === 'waiting') this.enqueue(delivery);
    });
  }

  private async post({ url, body }: Delivery): Promise<Pick<Attempt, 'status' | 'answer' | 'error'>> {
    const { signatureScheme, webhookTimeoutMs } = this.parts.settings();
    const bytes = Buffer.from(body);
    const late = AbortSignal.timeout(webhookTimeoutMs);
    try {
      const { status, data } = await http.post<string>(url ?? '', bytes, {
        headers: {
          'content-type': 'application/json',
          'user-agent': 'HighLevel-Simulator',
          ...(await this.parts.sign(signatureScheme, bytes)),
        },
        signal: AbortSignal.any([this.stop.signal, late]),
      });
      return { status, answer: data.slice(0, ANSWER_CHARACTERS) };
    } catch (error) {
      if (late.aborted) return { status: 0, error: `no answer within ${webhookTimeoutMs} ms` };
      return { status: 0, error: error instanceof Error ? error.message : String(error) };
    }
  }

  private later(waitMs: number, act: () => void): void {
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        act();
      },
      Math.min(waitMs, LONGEST_TIMER_MS),
    );
    this.timers.add(timer);
  }

  private isIdle(): boolean {
    return this.underWay === 0 && this.queue.length === 0 && !this.held;
  }

  private tellIdle(): void {
    if (!this.isIdle()) return;
    for (const resolve of this.idleWaiters.splice(0)) resolve();
  }
}

function parsed(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}
