import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRecord } from './records.js';
import { type Json } from './model.js';

export const REQUEST_FAULTS = [
  'delay',
  'status',
  'rate_limit',
  'drop_connection',
  'lose_answer',
  'garbage',
  'revoke_token',
  'location_not_active',
] as const;
export const WEBHOOK_FAULTS = ['webhook_duplicate', 'webhook_reorder', 'webhook_drop'] as const;

export type RequestFault = (typeof REQUEST_FAULTS)[number];
export type WebhookFault = (typeof WEBHOOK_FAULTS)[number];

/** Something that goes wrong on request. What is left out matches everything. */
export interface FaultRequest {
  kind: RequestFault | WebhookFault;
  /** HTTP method of the calls to hit. */
  method?: string;
  /** Their paths begin with this. */
  path?: string;
  /** Event type of the deliveries to hit. */
  event?: string;
  /** How often it strikes; 1 unless said. */
  times?: number;
  /** How many matching calls or events pass first. */
  skip?: number;
  /** `delay`: how long; 1000 unless said. */
  delayMs?: number;
  /** `status`: what is answered; 500 unless said. */
  status?: number;
  /** `status` and `rate_limit`: the body, HighLevel's own wording unless said. */
  body?: unknown;
  /** `rate_limit`: seconds for a `Retry-After` header. */
  retryAfter?: number;
}

export interface Fault extends FaultRequest {
  id: string;
  /** How often it will still strike. */
  times: number;
  skip: number;
}

/** Each entry says what is wrong with one value. */
export class FaultInvalid extends Error {
  constructor(readonly problems: string[]) {
    super(problems.join('; '));
    this.name = 'FaultInvalid';
  }
}

const MOST_FAULTS = 100;
const LIMITS = {
  times: 1_000_000,
  skip: 1_000_000,
  delayMs: 120_000,
  status: 599,
  retryAfter: 86_400,
} as const;
const TEXTS = ['method', 'path', 'event'] as const;

/** The faults that are waiting for their occasion. */
export class Faults {
  private active: Fault[] = [];
  private ended = new AbortController();

  list(): readonly Fault[] {
    return this.active;
  }

  /** @throws FaultInvalid */
  add(request: FaultRequest | Json): Fault {
    const problems = problemsOf(request);
    if (this.active.length >= MOST_FAULTS) problems.push(`at most ${MOST_FAULTS} faults at a time`);
    if (problems.length > 0) throw new FaultInvalid(problems);
    const fault = { times: 1, skip: 0, ...(request as FaultRequest), id: randomUUID() };
    this.active.push(fault);
    return fault;
  }

  /** Puts these in the place of all others. @throws FaultInvalid, and then nothing has changed */
  replace(requests: readonly (FaultRequest | Json)[]): readonly Fault[] {
    const before = this.active;
    this.active = [];
    try {
      for (const request of requests) this.add(request);
    } catch (error) {
      this.active = before;
      throw error;
    }
    this.letGo();
    return this.active;
  }

  clear(): void {
    this.active = [];
    this.letGo();
  }

  /** Passes the time of a `delay`, or what is left of it when the faults are cleared or replaced. */
  async wait({ delayMs = 1000 }: Fault): Promise<void> {
    const { signal } = this.ended;
    await sleep(delayMs, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  /** The faults that strike this call: every delay, and the first of another kind. Each counts as used. */
  strikeRequest(method: string, path: string): Fault[] {
    const struck: Fault[] = [];
    for (const fault of this.active) {
      if (!isRequestFault(fault.kind)) continue;
      if (fault.method !== undefined && fault.method.toUpperCase() !== method) continue;
      if (fault.path !== undefined && !path.startsWith(fault.path)) continue;
      if (fault.kind !== 'delay' && struck.some(({ kind }) => kind !== 'delay')) continue;
      if (this.uses(fault)) struck.push(fault);
    }
    this.forgetSpent();
    return struck;
  }

  /** The fault that strikes this delivery, if one does. */
  strikeWebhook(event: string): WebhookFault | undefined {
    const fault = this.active.find(
      (candidate) =>
        !isRequestFault(candidate.kind) &&
        (candidate.event === undefined || candidate.event === event) &&
        this.uses(candidate),
    );
    this.forgetSpent();
    return fault && !isRequestFault(fault.kind) ? fault.kind : undefined;
  }

  private letGo(): void {
    this.ended.abort();
    this.ended = new AbortController();
  }

  private uses(fault: Fault): boolean {
    if (fault.skip > 0) {
      fault.skip -= 1;
      return false;
    }
    fault.times -= 1;
    return true;
  }

  private forgetSpent(): void {
    this.active = this.active.filter(({ times }) => times > 0);
  }
}

function isRequestFault(kind: RequestFault | WebhookFault): kind is RequestFault {
  return (REQUEST_FAULTS as readonly string[]).includes(kind);
}

function problemsOf(request: unknown): string[] {
  if (!isRecord(request)) return ['a fault must be an object'];
  const kinds: readonly unknown[] = [...REQUEST_FAULTS, ...WEBHOOK_FAULTS];
  const problems: string[] = [];
  if (!kinds.includes(request['kind'])) problems.push(`kind must be one of ${kinds.join(', ')}`);
  for (const name of TEXTS) {
    const value = request[name];
    if (value !== undefined && typeof value !== 'string') problems.push(`${name} must be a string`);
  }
  for (const [name, most] of Object.entries(LIMITS)) {
    const value = request[name];
    if (value === undefined) continue;
    if (!Number.isInteger(value) || Number(value) < 0 || Number(value) > most)
      problems.push(`${name} must be a whole number from 0 to ${most}`);
  }
  if (typeof request['status'] === 'number' && request['status'] < 200)
    problems.push('status must be at least 200');
  return problems;
}
