import { NotConfigured, Unavailable } from '#libs/errors';
import { LeaseLost } from '#libs/queue';
import pg from 'pg';
import { QueryFailedError } from 'typeorm';
import { reactTo } from './apply-failure.js';

function refusal(code: string): Error {
  const cause = new pg.DatabaseError('refused', 7, 'error');
  cause.code = code;
  return new QueryFailedError('update', [], cause);
}

describe(reactTo.name, () => {
  it.each<[string, unknown]>([
    ['a deadlock', refusal('40P01')],
    ['a serialization failure', refusal('40001')],
    ['a connection that PostgreSQL ended', refusal('57P01')],
    ['a full disk', refusal('53100')],
    ['a lock that took too long', refusal('55P03')],
    ['a statement that took too long', refusal('57014')],
    ['two transactions that raced for a key', refusal('23505')],
    ['a refused connection', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })],
    ['a pool that has none free', new Error('timeout exceeded when trying to connect')],
    ['a service that is away', new Unavailable('database')],
    ['a configuration that is not there yet', new NotConfigured()],
    ['something that is no error', 'thrown'],
  ])('tries again after %s', (_, error) => {
    expect(reactTo(error, 1)).toMatchObject({ kind: 'retry' });
    expect(reactTo(error, 23)).toMatchObject({ kind: 'retry' });
    expect(reactTo(error, 24)).toEqual({ kind: 'dead', reason: 'too_many_attempts' });
  });

  it.each<[string, unknown]>([
    ['a text that is too long', refusal('22001')],
    ['a number out of range', refusal('22003')],
    ['a text that jsonb does not take', refusal('22P05')],
    ['a row that fits no page', refusal('54000')],
    ['a shape that code stumbles over', new TypeError('x is not a function')],
  ])('buries at once what %s would fail again', (_, error) => {
    expect(reactTo(error, 1)).toEqual({ kind: 'dead', reason: 'cannot_be_applied' });
  });

  it('leaves alone what somebody else has', () => {
    expect(reactTo(new LeaseLost(), 24)).toEqual({ kind: 'nothing' });
  });

  it('waits twice as long each time, up to an hour', () => {
    const delays = Array.from({ length: 23 }, (_, n) => reactTo(refusal('40001'), n + 1, () => 1));
    const expected = Array.from({ length: 23 }, (_, n) => Math.min(1_000 * 2 ** n, 3_600_000));
    expect(delays.map((delay) => ('delayMs' in delay ? delay.delayMs : 0))).toEqual(expected);
  });

  it('leaves half of the wait to chance', () => {
    expect(reactTo(refusal('40001'), 4, () => 0)).toEqual({ kind: 'retry', delayMs: 4_000 });
    expect(reactTo(refusal('40001'), 4, () => 1)).toEqual({ kind: 'retry', delayMs: 8_000 });
  });
});
