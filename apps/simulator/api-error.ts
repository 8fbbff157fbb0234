import { type Json } from './model.js';

const NAMES: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  422: 'Unprocessable Entity',
};

/** A refusal in HighLevel's words: status, and a body as in HL 1.6. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    /** A list only with 422. */
    readonly said: string | string[],
    /** Beside the usual members: `meta` of a duplicate (HL 5.9). */
    readonly more: Json = {},
  ) {
    super(typeof said === 'string' ? said : said.join('; '));
    this.name = 'ApiError';
  }

  body(traceId: string): Json {
    const name = NAMES[this.status];
    return {
      statusCode: this.status,
      message: this.said,
      ...(name && { error: name }),
      ...this.more,
      traceId,
    };
  }
}

export const badRequest = (message: string, more?: Json): ApiError => new ApiError(400, message, more);
export const unauthorized = (message: string): ApiError => new ApiError(401, message);
export const forbidden = (message: string): ApiError => new ApiError(403, message);
export const notFound = (message: string): ApiError => new ApiError(404, message);
export const unprocessable = (messages: string[]): ApiError => new ApiError(422, messages);

/** HL 5.4: an id that nobody has, or had, is a bad request and not a missing page. */
export const unknownContact = (id: string): ApiError => badRequest(`Contact with id ${id} not found`);
