import { connect } from 'node:net';
import { Body, Controller, Get, Logger, Module, Param, Post, Query } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { IsInt, IsOptional, IsString, MaxLength, Min, ValidateNested } from 'class-validator';
import { Type } from 'class-transformer';
import { type InjectOptions } from 'fastify';
import { loadConfig } from '#libs/config';
import { NotAuthorized, Throttled, Unavailable } from '#libs/errors';
import { createLogger, requestContext } from '#libs/logging';
import { BigPathId, configureApp, createFastifyAdapter, FormBody, PathId, RawBody } from './index.js';

class AddressDto {
  @IsString()
  city!: string;
}

class ContactDto {
  @IsString()
  @MaxLength(5)
  name!: string;

  @IsOptional()
  @ValidateNested()
  @Type(() => AddressDto)
  home_address?: AddressDto;
}

class PageDto {
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  page?: number;
}

@Controller()
class ThingsController {
  @Post('json')
  json(@Body() body: unknown): unknown {
    return { got: body ?? null };
  }

  @Post('contacts')
  contact(@Body() contact: ContactDto): ContactDto {
    return contact;
  }

  @Get('contacts')
  contacts(@Query() { page }: PageDto): unknown {
    return { page, type: typeof page };
  }

  @Post('raw')
  @RawBody()
  raw(@Body() body: Buffer): unknown {
    return { buffer: Buffer.isBuffer(body), bytes: body.length, hex: body.subarray(0, 8).toString('hex') };
  }

  @Post('form')
  @FormBody()
  form(@Body() body: unknown): unknown {
    return body;
  }

  @Get('things/:id')
  thing(@Param('id', PathId) id: number): unknown {
    return { id };
  }

  @Get('big-things/:id')
  bigThing(@Param('id', BigPathId) id: number): unknown {
    return { id };
  }

  @Get('health/ready')
  ready(): unknown {
    return {};
  }

  @Get('fault')
  fault(): never {
    throw new Error('the password is hunter2');
  }

  @Get('refused')
  refused(): never {
    throw new NotAuthorized();
  }

  @Get('throttled')
  throttled(): never {
    throw new Throttled(42);
  }

  @Get('unavailable')
  unavailable(): never {
    throw new Unavailable('database');
  }

  @Post('context')
  async context(): Promise<unknown> {
    await new Promise(setImmediate);
    return requestContext.getStore();
  }
}

@Module({ controllers: [ThingsController] })
class ThingsModule {}

type Json = Record<string, unknown>;

interface LogLine extends Json {
  err?: { stack: string };
}

/** Sends a request that any client could send. */
type Call = (
  request: InjectOptions | string,
) => Promise<{ status: number; body: Json; headers: Record<string, unknown> }>;

/** An app with routes of each kind, as `configureApp` makes it. */
export interface ThingsApp {
  readonly call: Call;
  /** Sends bytes as they are, which no HTTP client would do. */
  readonly sendBytes: (bytes: string) => Promise<string>;
  /** What the test that runs has logged, line by line. */
  readonly lines: string[];
  readonly logged: () => LogLine[];
}

/** For the test file in which it is called. */
export function useThingsApp(): ThingsApp {
  const lines: string[] = [];
  let app: NestFastifyApplication;
  let port: number;

  beforeAll(async () => {
    const config = loadConfig({
      FRONTEND_URL: 'https://desk.example.com/app',
      PORT: '0',
      TRUST_PROXY: '1',
      LOG_LEVEL: 'debug',
    });
    const logger = createLogger(
      { logLevel: 'debug', isProduction: true },
      { write: (line) => lines.push(line) },
    );
    Logger.overrideLogger(logger);
    app = await NestFactory.create<NestFastifyApplication>(ThingsModule, createFastifyAdapter(config));
    configureApp(app, config);
    await app.listen(0, '127.0.0.1');
    port = Number(new URL(await app.getUrl()).port);
  });
  beforeEach(() => lines.splice(0));
  afterAll(() => app.close());

  return {
    call: async (request) => {
      const answer = await app.inject(request);
      return {
        status: answer.statusCode,
        body: answer.body === '' ? {} : answer.json<Json>(),
        headers: answer.headers,
      };
    },
    sendBytes: (bytes) =>
      new Promise((resolve, reject) => {
        let answer = '';
        const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
        socket.on('data', (chunk) => (answer += chunk.toString()));
        socket.on('close', () => resolve(answer));
        socket.on('error', reject);
      }),
    lines,
    logged: () => lines.map((text) => JSON.parse(text) as LogLine),
  };
}

export const JSON_TYPE = { 'content-type': 'application/json' };

export function post(
  url: string,
  payload: string | Buffer,
  headers: Record<string, string> = JSON_TYPE,
): InjectOptions {
  return { method: 'POST', url, payload, headers };
}
