/** The body of every answer that is no success (docs/errors.md). */
interface ErrorBody {
  readonly error?: string;
  readonly code?: string;
  readonly message?: string;
  readonly attributes?: readonly string[];
  readonly details?: Readonly<Record<string, unknown>>;
  readonly request_id?: string;
}

/** `code` of a request that never got an answer. */
export const UNREACHABLE = 'unreachable';

/** A request that did not succeed, with what a page needs to say what to do. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';

  private constructor(
    /** Machine code of docs/errors.md, or `unreachable`. */
    readonly code: string,
    /** DeskFlow's own sentence; empty where the service did not answer. */
    readonly sentence: string,
    readonly attributes: readonly string[],
    readonly requestId: string | undefined,
    readonly retryAfterSeconds: number | undefined,
    /** What kind of its code it is, where there are several. */
    readonly reason: string | undefined,
  ) {
    super(`${code}: ${sentence}`);
  }

  /** @param body what the service answered, as it came: a proxy may have answered in its place */
  static of(response: Response, body: unknown): ApiFailure {
    const fields: ErrorBody = typeof body === 'object' && body !== null ? body : {};
    const wait = Number(response.headers.get('retry-after') ?? Number.NaN);
    return new ApiFailure(
      fields.code ?? (response.status >= 500 ? 'unavailable' : 'internal_error'),
      fields.message ?? fields.error ?? '',
      fields.attributes ?? [],
      fields.request_id,
      Number.isFinite(wait) ? wait : undefined,
      typeof fields.details?.['reason'] === 'string' ? fields.details['reason'] : undefined,
    );
  }

  /** The network, not the service: nothing is known about what happened to the request. */
  static unreachable(): ApiFailure {
    return new ApiFailure(UNREACHABLE, '', [], undefined, undefined, undefined);
  }
}
