import {
  BadRequestException,
  ForbiddenException,
  ImATeapotException,
  ServiceUnavailableException,
} from '@nestjs/common';
import {
  QueryFailedError,
  QueryRunnerAlreadyReleasedError,
  QueryRunnerProviderAlreadyReleasedError,
} from 'typeorm';
import {
  ERROR_CODES,
  NotConfigured,
  ParameterMissing,
  Unauthenticated,
  ValidationFailed,
} from '#libs/errors';
import { HighLevelError, type HighLevelErrorKind, TokenEndpointError } from '#libs/highlevel';
import { complaint, LANGUAGES, nameOfAttribute, say, text } from '#libs/i18n';
import { ERROR_ANSWERS, sentenceOfCode } from './error-answers.js';
import { explainError, type Explanation } from './explain-error.js';

const explained = (error: unknown): Explanation => explainError(error, 'en');

describe('the table of answers', () => {
  it('has an error status and a sentence in every language for every code', () => {
    for (const code of ERROR_CODES) {
      expect(ERROR_ANSWERS[code].status).toBeGreaterThanOrEqual(400);
      for (const locale of LANGUAGES) expect(say(locale, sentenceOfCode(code))).toMatch(/^\p{L}.+ .+/u);
    }
  });

  it('answers 401, never 403, as Chatwoot does', () => {
    expect(Object.values(ERROR_ANSWERS).map(({ status }) => status)).not.toContain(403);
  });
});

describe('errors of the domain', () => {
  it('of validation carry message and attributes', () => {
    const taken = complaint(text('validation.taken'), nameOfAttribute('email'));
    expect(explained(new ValidationFailed(taken, ['email']))).toMatchObject({
      status: 422,
      body: {
        error: 'Email has already been taken',
        code: 'validation_failed',
        message: 'Email has already been taken',
        attributes: ['email'],
      },
    });
  });

  it('about credentials carry the array of devise_token_auth beside the sentence', () => {
    const sentence = 'You need to sign in or sign up before continuing.';
    expect(explained(new Unauthenticated()).body).toEqual({
      error: sentence,
      code: 'unauthenticated',
      errors: [sentence],
    });
  });

  it('have their own words where they know more than the table', () => {
    expect(explained(new ParameterMissing('hook')).body.error).toBe(
      'param is missing or the value is empty: hook',
    );
    expect(explained(new NotConfigured())).toMatchObject({
      status: 422,
      body: { error: 'GHL OAuth credentials not configured' },
    });
  });
});

describe('errors of HighLevel', () => {
  const failed = (kind: HighLevelErrorKind, rest = {}): HighLevelError =>
    new HighLevelError({ kind, method: 'PUT', path: '/contacts/{contactId}', ...rest });

  it.each<[HighLevelErrorKind, number, string]>([
    ['token_rejected', 422, 'reauthorization_required'],
    ['scope_missing', 422, 'highlevel_refused'],
    ['forbidden', 422, 'highlevel_refused'],
    ['not_found', 404, 'not_found'],
    ['duplicate_contact', 422, 'highlevel_refused'],
    ['invalid', 422, 'highlevel_refused'],
    ['rate_limited', 429, 'throttled'],
    ['unavailable', 502, 'highlevel_unavailable'],
    ['unexpected', 502, 'highlevel_unavailable'],
  ])('of kind %s are %i %s', (kind, status, code) => {
    expect(explained(failed(kind))).toMatchObject({ status, body: { code } });
  });

  it('tell what HighLevel said about a refused request, and when to come back', () => {
    expect(explained(failed('invalid', { remoteMessage: 'email must be an email' })).body.error).toBe(
      'email must be an email',
    );
    expect(explained(failed('rate_limited', { retryAfterMs: 1_200 })).retryAfterSeconds).toBe(2);
  });

  it('at the token endpoint are between HighLevel and us', () => {
    const error = new TokenEndpointError({
      kind: 'misconfigured',
      path: '/oauth/token',
      remoteMessage: 'bad secret',
    });
    expect(explained(error)).toMatchObject({ status: 502, body: { code: 'highlevel_unavailable' } });
    expect(JSON.stringify(explained(error))).not.toContain('bad secret');
  });
});

describe('errors of the database', () => {
  const withCode = (code: string): Error => Object.assign(new Error('select secret from users'), { code });

  it.each(['08006', '08001', '53300', '57P01', '57P03', 'ECONNREFUSED', 'ECONNRESET'])(
    '%s mean: try again',
    (code) => {
      const query = new QueryFailedError('select 1', [], withCode(code));
      for (const error of [withCode(code), query]) {
        expect(explained(error)).toMatchObject({
          status: 503,
          body: { code: 'unavailable' },
          retryAfterSeconds: 5,
        });
      }
    },
  );

  it('of the pool mean the same', () => {
    expect(explained(new Error('Connection terminated unexpectedly')).status).toBe(503);
    expect(explained(new Error('timeout exceeded when trying to connect')).status).toBe(503);
  });

  it.each([new QueryRunnerAlreadyReleasedError(), new QueryRunnerProviderAlreadyReleasedError()])(
    'that end a transaction in its middle mean the same: %p',
    (error) => {
      expect(explained(error).status).toBe(503);
    },
  );

  it.each(['22021', '22P05', '22003', '22P02', '22001'])(
    '%s are the caller’s: the value cannot be stored',
    (code) => {
      expect(explained(new QueryFailedError('insert', [], withCode(code)))).toMatchObject({
        status: 400,
        body: { code: 'bad_request' },
      });
    },
  );

  it.each(['42P01', '23505', '40001'])('%s are faults of ours and say nothing', (code) => {
    const { status, body } = explained(new QueryFailedError('select secret', ['token'], withCode(code)));
    expect([status, body]).toEqual([500, { error: 'Internal server error', code: 'internal_error' }]);
  });
});

describe('anything else', () => {
  it.each([
    [new BadRequestException('inner detail'), 400, 'bad_request'],
    [new ServiceUnavailableException('inner detail'), 503, 'unavailable'],
    [new ForbiddenException('inner detail'), 500, 'internal_error'],
    [new ImATeapotException('inner detail'), 500, 'internal_error'],
    [new Error('inner detail'), 500, 'internal_error'],
    [Object.assign(new Error('inner detail'), { statusCode: 400 }), 500, 'internal_error'],
    ['inner detail', 500, 'internal_error'],
    [undefined, 500, 'internal_error'],
  ])('(%s) is %i without its own words', (error, status, code) => {
    const explanation = explained(error);
    expect(explanation).toMatchObject({ status, body: { code } });
    expect(JSON.stringify(explanation)).not.toContain('inner detail');
  });
});
