import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import axios, { isAxiosError } from 'axios';
import { type AnswerHeaders } from './rate-limit.js';

/** Longest wait for a whole answer unless the caller says otherwise. */
export const DEFAULT_TIMEOUT_MS = 15_000;
/** The largest answer in use, a search page of 500 contacts, is about 1 MB. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
/**
 * Per host. 100 requests per 10 s and location (HL 3) need far fewer; more would only queue at HighLevel. All are kept
 * between two bursts, as a connection that is closed costs the next call another handshake.
 */
const CONNECTIONS = { keepAlive: true, maxSockets: 64, maxFreeSockets: 64 } as const;

export interface HttpCall {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  url: string;
  headers: Readonly<Record<string, string>>;
  /** Already serialised. */
  body?: string;
  timeoutMs: number;
}

export interface HttpAnswer {
  status: number;
  headers: AnswerHeaders;
  /** Parsed JSON; undefined when the answer is empty or something else. */
  body: unknown;
}

/** No usable answer came. `code` is the system's or ours; nothing of the request is kept. */
export class NetworkFailure extends Error {
  constructor(
    readonly code: string,
    /** The request may have arrived: the failure came after the connection stood. */
    readonly maybeReceived: boolean,
  ) {
    super(code);
    this.name = 'NetworkFailure';
  }
}

/** Failures to connect at all; in every other case the request may have been read. */
const NOT_CONNECTED: readonly RegExp[] = [
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|ENETDOWN)$/,
  /^(?:CERT_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/,
];

/** A redirect, an HTML page and a 500 are answers like others; what they mean is decided by who reads them. */
const http = axios.create({
  httpAgent: new HttpAgent(CONNECTIONS),
  httpsAgent: new HttpsAgent(CONNECTIONS),
  maxRedirects: 0,
  maxContentLength: MAX_BODY_BYTES,
  maxBodyLength: MAX_BODY_BYTES,
  responseType: 'text',
  transformRequest: (data: unknown) => data,
  transformResponse: (data: unknown) => data,
  validateStatus: () => true,
});

/**
 * Sends one request and reads the whole answer, whatever its status.
 * @throws NetworkFailure, and never axios's error: that one carries the request with its credentials.
 */
export async function exchange(call: HttpCall): Promise<HttpAnswer> {
  // A deadline for everything; axios's own timeout only measures silence, and a slow drip never ends.
  const deadline = AbortSignal.timeout(call.timeoutMs);
  try {
    const answer = await http.request<string>({
      method: call.method,
      url: call.url,
      headers: { ...call.headers },
      data: call.body,
      signal: deadline,
    });
    return { status: answer.status, headers: plainHeaders(answer.headers), body: parseJson(answer.data) };
  } catch (error) {
    throw networkFailure(error, deadline.aborted);
  }
}

function networkFailure(error: unknown, late: boolean): NetworkFailure {
  if (late) return new NetworkFailure('timeout', true);
  const code = isAxiosError(error) ? error.code : undefined;
  if (code === undefined) return new NetworkFailure('unreadable', true);
  return new NetworkFailure(code, !NOT_CONNECTED.some((pattern) => pattern.test(code)));
}

function plainHeaders(headers: object): AnswerHeaders {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === 'string' ? value : undefined,
    ]),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
