import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { type ErrorCode } from '#libs/errors';
import { say } from '#libs/i18n';
import { ERROR_ANSWERS, sentenceOfCode } from './error-answers.js';
import { ErrorBody } from './error-body.js';
import { type Shape } from './shape.js';

/** Documents the errors a route answers: one response a status, one example a code. */
export function ApiErrors(...codes: readonly ErrorCode[]): ClassDecorator & MethodDecorator {
  const responses = Object.entries(errorResponses(codes));
  return applyDecorators(
    ApiExtraModels(ErrorBody),
    ...responses.map(([status, response]) => ApiResponse({ status: Number(status), ...response })),
  );
}

export interface ErrorResponse {
  description: string;
  headers?: Record<string, { description: string; schema: { type: 'integer' } }>;
  content: {
    'application/json': {
      schema: { $ref: string };
      examples: Record<string, { value: Shape<ErrorBody> }>;
    };
  };
}

/** The Response Objects of OpenAPI for these errors, by status. */
export function errorResponses(codes: readonly ErrorCode[]): Record<string, ErrorResponse> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes)) {
    const { status } = ERROR_ANSWERS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries([...byStatus].map(([status, those]) => [status, errorResponse(those)]));
}

function errorResponse(codes: readonly ErrorCode[]): ErrorResponse {
  return {
    description: codes.map(sentenceOf).join(' · '),
    ...(codes.some((code) => ERROR_ANSWERS[code].retryAfterSeconds !== undefined) && {
      headers: { 'Retry-After': { description: 'Seconds to wait', schema: { type: 'integer' } } },
    }),
    content: {
      'application/json': {
        schema: { $ref: getSchemaPath(ErrorBody) },
        examples: Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code) }])),
      },
    },
  };
}

function exampleOf(code: ErrorCode): Shape<ErrorBody> {
  const error = sentenceOf(code);
  if (code === 'validation_failed') return { error, code, message: error, attributes: ['name'] };
  if (code === 'unauthenticated' || code === 'invalid_credentials') return { error, code, errors: [error] };
  return { error, code };
}

function sentenceOf(code: ErrorCode): string {
  return say('en', ERROR_ANSWERS[code].example ?? sentenceOfCode(code));
}
