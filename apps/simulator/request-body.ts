import { type FastifyRequest } from 'fastify';
import { isRecord } from './records.js';
import { type Json } from './model.js';

/** JSON or form as one kind of record; empty where there is no body or no object in it. */
export function bodyOf({ body }: FastifyRequest): Json {
  if (body instanceof URLSearchParams) return Object.fromEntries(body);
  return isRecord(body) ? body : {};
}
