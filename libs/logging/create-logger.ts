import { type LoggerService } from '@nestjs/common';
import {
  type DestinationStream,
  destination as openDestination,
  type Logger,
  pino,
  stdTimeFunctions,
} from 'pino';
import pretty from 'pino-pretty';
import { redact, redactText } from './redact.js';
import { requestContext } from './request-context.js';

export interface LoggerOptions {
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';
  /** JSON lines instead of readable ones. */
  readonly isProduction: boolean;
}

/**
 * Nest's logger on pino. Written synchronously, so that nothing is lost when the process is killed: JSON lines in
 * production, readable lines otherwise, each with the fields of `requestContext`.
 * @param destination for tests; standard output otherwise
 */
export function createLogger(options: LoggerOptions, destination?: DestinationStream): LoggerService {
  return new PinoLogger(createPino(options, destination));
}

function createPino({ logLevel, isProduction }: LoggerOptions, destination?: DestinationStream): Logger {
  const settings = {
    level: logLevel,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // Errors come described and redacted (redact.ts); pino's own serializer would merge the causes' texts.
    serializers: { err: (described: unknown) => described },
    mixin: () => ({ ...requestContext.getStore() }),
  };
  if (isProduction) return pino(settings, destination ?? openDestination({ dest: 1, sync: true }));
  return pino(
    settings,
    pretty({
      sync: true,
      destination: destination ?? 1,
      translateTime: 'HH:MM:ss.l',
      singleLine: true,
      messageFormat: '{context} {msg}',
      ignore: 'context',
    }),
  );
}

type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

class PinoLogger implements LoggerService {
  constructor(private readonly pino: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest passes the class's name last, and with `error(message, stack)` the stack before it. */
  private write(level: Level, message: unknown, rest: readonly unknown[]): void {
    if (!this.pino.isLevelEnabled(level)) return;
    const context = rest.at(-1);
    const details = rest.slice(0, -1).filter((detail) => detail !== undefined);
    this.pino[level]({
      ...(typeof context === 'string' && { context }),
      ...described(message),
      ...(details.length > 0 && { details: redact(details) }),
    });
  }
}

function described(message: unknown): Record<string, unknown> {
  if (message instanceof Error) return { msg: redactText(message.message), err: redact(message) };
  if (typeof message === 'object' && message !== null) return redact(message) as Record<string, unknown>;
  return { msg: redactText(String(message)) };
}
