import { PassThrough } from 'node:stream';
import { Logger, type LoggerService } from '@nestjs/common';
import { addLogContext, createLogger, requestContext } from './index.js';

type Line = Record<string, unknown>;

const lines: string[] = [];
const parsed = (): Line[] => lines.map((line) => JSON.parse(line) as Line);

function logger(logLevel: 'trace' | 'info' | 'warn' = 'trace'): LoggerService {
  return createLogger({ logLevel, isProduction: true }, { write: (line) => lines.push(line) });
}

beforeEach(() => lines.splice(0));

describe('a line', () => {
  it('is JSON with time, level, message and the name of the class', () => {
    logger().log('Listening', 'Api');
    expect(lines[0]).toMatch(/\n$/);
    expect(parsed()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        context: 'Api',
        msg: 'Listening',
      },
    ]);
  });

  it('carries the fields of the message', () => {
    logger().warn({ msg: 'Hook suspended', hookId: 5, accountId: 1 }, 'Hooks');
    expect(parsed()[0]).toMatchObject({
      level: 'warn',
      msg: 'Hook suspended',
      hookId: 5,
      accountId: 1,
      context: 'Hooks',
    });
  });

  it('carries an error with its stack and cause', () => {
    const error = new Error('outer', { cause: Object.assign(new Error('inner'), { code: 'ECONNRESET' }) });
    logger().error({ msg: 'Failed', err: error }, 'Api');
    logger().error(error, 'Api');
    for (const line of parsed()) {
      expect(line['err']).toMatchObject({
        type: 'Error',
        message: 'outer',
        cause: { message: 'inner', code: 'ECONNRESET' },
      });
      expect((line['err'] as { stack: string }).stack).toContain('create-logger.spec');
    }
  });

  it('keeps what else was passed', () => {
    logger().error('Failed', 'the stack', 'Api');
    expect(parsed()[0]).toMatchObject({ msg: 'Failed', details: ['the stack'], context: 'Api' });
  });

  it.each([
    ['fatal', 'fatal'],
    ['error', 'error'],
    ['warn', 'warn'],
    ['log', 'info'],
    ['debug', 'debug'],
    ['verbose', 'trace'],
  ] as const)('of Nest’s %s is of level %s', (method, level) => {
    logger()[method]?.('x', 'Api');
    expect(parsed()[0]?.['level']).toBe(level);
  });

  it('below the level is not written', () => {
    logger('warn').log('quiet', 'Api');
    expect(lines).toEqual([]);
  });

  it('comes from Nest’s own Logger unchanged', () => {
    Logger.overrideLogger(logger());
    new Logger('Worker').log({ msg: 'Claimed', rows: 3 });
    Logger.overrideLogger(false);
    expect(parsed()[0]).toMatchObject({ context: 'Worker', msg: 'Claimed', rows: 3 });
  });
});

describe('the request context', () => {
  it('is on every line of the same piece of work, also after waiting, and on no other', async () => {
    const log = logger();
    requestContext.run({ requestId: 'two' }, () => {
      log.log('second');
    });
    await requestContext.run({ requestId: 'one' }, async () => {
      await new Promise(setImmediate);
      addLogContext({ accountId: 7, userId: 8 });
      log.log('first');
    });
    log.log('third');
    addLogContext({ hookId: 1 });

    const byMessage = new Map(parsed().map((line) => [line['msg'], line]));
    expect(byMessage.get('first')).toMatchObject({ requestId: 'one', accountId: 7, userId: 8 });
    expect(byMessage.get('second')).toMatchObject({ requestId: 'two' });
    expect(byMessage.get('second')).not.toHaveProperty('accountId');
    expect(byMessage.get('third')).not.toHaveProperty('requestId');
  });
});

describe('outside of production', () => {
  it('a line is for people, with the same fields and without the same secrets', () => {
    const output = new PassThrough();
    createLogger({ logLevel: 'info', isProduction: false }, output).log(
      { msg: 'Connected', hookId: 5, token: 'opensesame' },
      'Hooks',
    );
    const text = String(output.read());
    expect(text).toMatch(
      /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: Hooks Connected \{"hookId":5,"token":"\[redacted\]"\}\n$/,
    );
  });
});
