import { classifyAnswer } from './classify-answer.js';
import { HighLevelError, type HighLevelErrorFacts } from './highlevel-error.js';
import {
  DEFAULT_TIMEOUT_MS,
  exchange,
  type HttpAnswer,
  type HttpCall,
  NetworkFailure,
} from './http-exchange.js';
import { type Priority, type RateBudget, RateBudgetExhausted } from './rate-budget.js';
import { type RateLimitReading, readRateLimit } from './rate-limit.js';
import { remoteMessage, traceIdOf, withoutCredentials } from './remote-message.js';

/** One call of the API, as the reference documents it. */
export interface ApiCall {
  method: HttpCall['method'];
  /** With placeholders: `/contacts/{contactId}`. */
  path: string;
  /** Values of the placeholders. */
  ids?: Readonly<Record<string, string>>;
  /** The date version of this call (HL 1.3). */
  version: string;
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  json?: unknown;
  /** Instead of `json`, for the OAuth calls (HL 1.2). */
  form?: Readonly<Record<string, string>>;
  /** A POST that may be sent again at will, since it changes nothing. */
  repeatable?: boolean;
}

/** Sends one call with the location's token; `read` returns undefined for an answer that cannot be used. */
export type SendCall = <T>(call: ApiCall, read: (body: unknown) => T | undefined) => Promise<T>;

/** Facts about one exchange, for logs and metrics. No ids, no credentials, no bodies. */
export interface AnswerReport {
  method: string;
  path: string;
  /** Undefined when no answer came. */
  status: number | undefined;
  networkCode: string | undefined;
  durationMs: number;
  traceId: string | undefined;
  rateLimit: RateLimitReading;
}

export interface ApiTransport {
  baseUrl: string;
  timeoutMs?: number;
  budget?: Pick<RateBudget, 'acquire' | 'observe'>;
  /** Whose budget is spent: the location or company the token belongs to. */
  resourceId: string;
  priority?: Priority;
  /** Called once per exchange; must not throw. */
  onAnswer?: (report: AnswerReport) => void;
}

/** Everything HighLevel uses as an id fits. Anything else would change the path: `''`, `..`, `a/b`. */
const ID = /^[\w-]{1,100}$/;

/** Sends calls with a given token and turns everything but a usable 2xx into a `HighLevelError`. */
export class ApiCalls {
  constructor(private readonly transport: ApiTransport) {}

  /**
   * @param read picks what is wanted out of the answer; undefined means the answer is garbage.
   * @throws HighLevelError
   */
  async send<T>(call: ApiCall, accessToken: string, read: (body: unknown) => T | undefined): Promise<T> {
    const request = this.request(call, accessToken);
    await this.waitForBudget(call);
    const started = performance.now();
    const answer = await exchange(request).catch((error: unknown) => {
      if (!(error instanceof NetworkFailure)) throw error;
      this.report(call, started, undefined, error.code, {});
      throw failure(call, {
        kind: 'unavailable',
        networkCode: error.code,
        maybeExecuted: error.maybeReceived && writes(call),
      });
    });
    return this.interpret(call, answer, started, accessToken, read);
  }

  private interpret<T>(
    call: ApiCall,
    answer: HttpAnswer,
    started: number,
    accessToken: string,
    read: (body: unknown) => T | undefined,
  ): T {
    const { status, headers, body } = answer;
    const succeeded = status >= 200 && status < 300;
    const refusal = succeeded ? undefined : classifyAnswer(answer);
    const rateLimit = { ...readRateLimit(headers), pauseMs: refusal?.retryAfterMs };
    this.transport.budget?.observe(this.transport.resourceId, rateLimit);
    this.report(call, started, answer, undefined, rateLimit);
    const value = succeeded ? read(body) : undefined;
    if (value !== undefined) return value;
    throw failure(call, {
      ...(refusal ?? { kind: 'unexpected' }),
      status,
      remoteMessage: succeeded
        ? 'the answer cannot be used'
        : withoutCredentials(remoteMessage(body), [accessToken]),
      traceId: traceIdOf(body, headers),
      maybeExecuted: writes(call) && (succeeded || status >= 500 || status === 408),
    });
  }

  private request(call: ApiCall, accessToken: string): HttpCall {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) query.set(name, String(value));
    }
    const search = query.size > 0 ? `?${query.toString()}` : '';
    const body = serialised(call);
    return {
      method: call.method,
      url: this.transport.baseUrl.replace(/\/+$/, '') + this.pathOf(call) + search,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${accessToken}`,
        version: call.version,
        ...(body && { 'content-type': body.type }),
      },
      body: body?.text,
      timeoutMs: this.transport.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    };
  }

  private pathOf(call: ApiCall): string {
    return call.path.replaceAll(/\{(\w+)\}/g, (_placeholder, name: string) => {
      const id = call.ids?.[name] ?? '';
      if (!ID.test(id)) throw failure(call, { kind: 'invalid', remoteMessage: `${name} is no HighLevel id` });
      return id;
    });
  }

  private async waitForBudget(call: ApiCall): Promise<void> {
    const { budget, resourceId, priority = 'interactive' } = this.transport;
    try {
      await budget?.acquire(resourceId, priority);
    } catch (error) {
      if (!(error instanceof RateBudgetExhausted)) throw error;
      throw failure(call, {
        kind: 'rate_limited',
        remoteMessage: 'not sent, the budget is used up',
        retryAfterMs: error.retryAfterMs,
      });
    }
  }

  private report(
    { method, path }: ApiCall,
    started: number,
    answer: HttpAnswer | undefined,
    networkCode: string | undefined,
    rateLimit: RateLimitReading,
  ): void {
    this.transport.onAnswer?.({
      method,
      path,
      status: answer?.status,
      networkCode,
      durationMs: Math.round(performance.now() - started),
      traceId: answer && traceIdOf(answer.body, answer.headers),
      rateLimit,
    });
  }
}

function serialised(call: ApiCall): { type: string; text: string } | undefined {
  if (call.form !== undefined) {
    return { type: 'application/x-www-form-urlencoded', text: new URLSearchParams(call.form).toString() };
  }
  return call.json === undefined ? undefined : { type: 'application/json', text: JSON.stringify(call.json) };
}

function failure(call: ApiCall, facts: Omit<HighLevelErrorFacts, 'method' | 'path'>): HighLevelError {
  return new HighLevelError({ method: call.method, path: call.path, ...facts });
}

function writes(call: ApiCall): boolean {
  return call.method !== 'GET' && call.repeatable !== true;
}
