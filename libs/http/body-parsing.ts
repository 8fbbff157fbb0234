import { applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExtension } from '@nestjs/swagger';
import { type FastifyInstance } from 'fastify';
import { BadRequest } from '#libs/errors';
import { text } from '#libs/i18n';
import { MalformedJson, UnsupportedMediaType } from './request-errors.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether the route was marked with `@RawBody()`. */
    takesRawBody: boolean;
  }
}

/** More than any object of this API; larger imports come in pages. */
export const JSON_BODY_LIMIT_BYTES = 1024 * 1024;
/** HighLevel's largest deliveries are 256 KB; twice that leaves room for what is not documented. */
export const RAW_BODY_LIMIT_BYTES = 512 * 1024;

/** Deeper than anything this API takes; what validates and serialises JSON recurses once a level. */
const MAX_JSON_DEPTH = 100;

/** Says in the OpenAPI document that the bytes of the body count, not what they mean. */
export const RAW_BODY_EXTENSION = 'x-raw-body';

interface BodyRouteConfig {
  body?: 'raw' | 'form';
}

/** The handler gets the body as the bytes that came (`@Body() body: Buffer`), whatever content type they claim. */
export const RawBody = (): MethodDecorator =>
  applyDecorators(
    RouteConfig({ body: 'raw' } satisfies BodyRouteConfig),
    ApiExtension(RAW_BODY_EXTENSION, true),
  );

/** The handler takes `application/x-www-form-urlencoded` beside JSON; a repeated key keeps its last value. */
export const FormBody = (): MethodDecorator => RouteConfig({ body: 'form' } satisfies BodyRouteConfig);

const OCTETS = 'application/octet-stream';
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;
const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

/**
 * To be called before what asks `request.takesRawBody`. One parser for every content type, which asks the route what it takes: untouched bytes, a form, or (the default)
 * JSON. An empty body is no body, whatever its content type says: clients send `Content-Type: application/json` with
 * a bodiless POST or DELETE.
 */
export function registerBodyParsers(instance: FastifyInstance): void {
  instance.addHook('onRoute', (route) => {
    route.bodyLimit = bodyOf(route.config) === 'raw' ? RAW_BODY_LIMIT_BYTES : JSON_BODY_LIMIT_BYTES;
  });
  instance.decorateRequest('takesRawBody', false);
  instance.addHook('onRequest', (request, _reply, done) => {
    // Asked once: Fastify puts `routeOptions` together anew each time.
    request.takesRawBody = bodyOf(request.routeOptions.config) === 'raw';
    // Fastify refuses a content type it cannot read before it asks a parser; a raw route does not care.
    if (request.takesRawBody) request.headers['content-type'] = OCTETS;
    done();
  });
  const parseJson = instance.getDefaultJsonParser('error', 'error');

  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    const contentType = request.headers['content-type'] ?? '';
    if (request.takesRawBody) {
      done(null, body);
    } else if (body.length === 0) {
      done(null, undefined);
    } else if (bodyOf(request.routeOptions.config) === 'form' && FORM_TYPE.test(contentType)) {
      done(null, parseForm(body));
    } else if (JSON_TYPE.test(contentType)) {
      // Keys that would pollute a prototype are refused, not dropped: nobody sends them by accident.
      void parseJson(request, decodeUtf8(body), (error, parsed: unknown) => {
        if (error) done(new MalformedJson());
        else if (!isObject(parsed)) done(new BadRequest(text('request.not_an_object')));
        else if (isTooDeep(parsed)) done(new BadRequest(text('request.too_deep')));
        else done(null, parsed);
      });
    } else {
      done(new UnsupportedMediaType());
    }
  });
}

function bodyOf(config: unknown): BodyRouteConfig['body'] {
  return (config as BodyRouteConfig | undefined)?.body;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Level by level, not by recursion: that is what a body of 100,000 brackets is out to break. */
function isTooDeep(body: unknown): boolean {
  let level = [body];
  for (let depth = 0; depth <= MAX_JSON_DEPTH; depth += 1) {
    level = level.flatMap((value): unknown[] =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    );
    if (level.length === 0) return false;
  }
  return true;
}

/** Bytes that are no UTF-8 become a text that is no JSON either. */
function decodeUtf8(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return '';
  }
}

function parseForm(body: Buffer): Record<string, string> {
  const form: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) form[name] = value;
  return { ...form };
}
