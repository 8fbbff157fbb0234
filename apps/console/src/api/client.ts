import createOpenApiClient, { type Client, type FetchResponse } from 'openapi-fetch';
import { inject, type InjectionKey } from 'vue';
import { ApiFailure } from './failure';
import type { paths } from './schema';

/** Who is calling. DeskFlow's own dashboard answers with its devise headers, the console with its session token. */
export interface Caller {
  headers(): Record<string, string>;
  /** The credential does not hold (any more). */
  onRefused(): void;
}

/** The service's API, typed by its OpenAPI document. */
export interface Api extends Client<paths> {
  /** A request whose answer is no JSON: an event stream, a file. */
  raw(path: string, init?: RequestInit): Promise<Response>;
}

export const API: InjectionKey<Api> = Symbol('api');

/** @throws Error outside an application that provides one */
export function useApi(): Api {
  const api = inject(API);
  if (!api) throw new Error('No API client is provided');
  return api;
}

/** @param baseUrl origin of the service; empty where it serves the pages itself */
export function createClient(caller: Caller, baseUrl = ''): Api {
  const client = createOpenApiClient<paths>({ baseUrl });
  client.use({
    onRequest({ request }) {
      for (const [name, value] of Object.entries(caller.headers())) request.headers.set(name, value);
      return request;
    },
    onResponse({ request, response, schemaPath }) {
      if (response.status !== 401 || schemaPath === '/auth/sign_in') return;
      void refuse(caller, request, response.clone());
    },
  });
  return Object.assign(client, {
    async raw(path: string, init: RequestInit = {}): Promise<Response> {
      const headers = { ...caller.headers(), ...(init.headers as Record<string, string> | undefined) };
      const response = await reach(fetch(baseUrl + path, { ...init, headers }));
      if (response.ok) return response;
      throw ApiFailure.of(response, await response.json().catch(() => undefined));
    },
  });
}

/**
 * What a call answered.
 * @throws ApiFailure
 */
export async function answerOf<
  Operation extends Record<string | number, unknown>,
  Init,
  Media extends `${string}/${string}`,
>(
  call: Promise<FetchResponse<Operation, Init, Media>>,
): Promise<NonNullable<FetchResponse<Operation, Init, Media>['data']>> {
  const { data, error, response } = await reach(call);
  if (!response.ok) throw ApiFailure.of(response, error);
  return data as NonNullable<typeof data>;
}

/** `fetch` rejects where no answer came, and only there, unless the caller itself gave up. */
async function reach<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw ApiFailure.unreachable();
  }
}

/** Whether its credential is the present one: an answer to the one before may come late. */
function isOf(caller: Caller, { headers }: Request): boolean {
  return Object.entries(caller.headers()).every(([name, value]) => headers.get(name) === value);
}

/** DeskFlow answers 401 for a missing role as well: only a bad credential ends the session. */
async function refuse(caller: Caller, request: Request, response: Response): Promise<void> {
  const body = (await response.json().catch(() => ({}))) as { code?: string };
  const isAboutCredential = body.code === 'unauthenticated' || body.code === 'invalid_access_token';
  // Asked last: somebody may have signed in again while the answer was read.
  if (isAboutCredential && isOf(caller, request)) caller.onRefused();
}
