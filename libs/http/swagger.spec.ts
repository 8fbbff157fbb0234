import { request } from 'node:http';
import { Body, Controller, Get, Injectable, Module, Post } from '@nestjs/common';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiBody, ApiOperation, ApiProperty } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { type FastifyRequest } from 'fastify';
import { loadConfig } from '#libs/config';
import {
  ApiCredentials,
  ApiErrors,
  configureApp,
  createFastifyAdapter,
  DocsAccess,
  RawBody,
} from './index.js';

@Controller('things')
@ApiCredentials()
@ApiErrors('unauthenticated', 'invalid_access_token', 'throttled')
class ThingsController {
  @Get()
  @ApiOperation({ operationId: 'listThings' })
  index(): void {
    return;
  }

  @Post()
  @ApiOperation({ operationId: 'createThing' })
  @ApiErrors('validation_failed', 'parameter_missing')
  create(): void {
    return;
  }
}

class NoteDto {
  @ApiProperty()
  text!: string;
}

@Controller('public')
class PublicController {
  @Post('json')
  @ApiOperation({ operationId: 'postJson' })
  json(@Body() note: NoteDto): NoteDto {
    return note;
  }

  @Post('raw')
  @RawBody()
  @ApiOperation({ operationId: 'postRaw' })
  @ApiBody({ type: NoteDto })
  raw(@Body() body: Buffer): number {
    return body.length;
  }
}

/** Lets in who knows the word. */
@Injectable()
class WordAccess extends DocsAccess {
  admits(request: FastifyRequest): Promise<boolean> {
    return Promise.resolve(request.headers.authorization === 'Bearer open-sesame');
  }
}

@Module({ controllers: [ThingsController, PublicController] })
class OpenModule {}

@Module({
  controllers: [ThingsController, PublicController],
  providers: [{ provide: DocsAccess, useClass: WordAccess }],
})
class GuardedModule {}

let app: NestFastifyApplication;
afterEach(() => app.close());

async function start(access: string, module: unknown = OpenModule): Promise<void> {
  const config = loadConfig({ SWAGGER_ACCESS: access });
  const testing = await Test.createTestingModule({ imports: [module as typeof OpenModule] }).compile();
  app = testing.createNestApplication<NestFastifyApplication>(createFastifyAdapter(config));
  configureApp(app, config);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
}

interface Document {
  openapi: string;
  components: { securitySchemes: object; schemas: { ErrorBody: { required: string[] } } };
  paths: Record<string, Record<string, { security: unknown[]; responses: Record<string, Answer> }>>;
}

interface Answer {
  headers?: object;
  content: { 'application/json': { examples: object } };
}

const readDocument = async (): Promise<Document> => (await app.inject('/docs-json')).json<Document>();

const PAGES = ['/docs', '/docs/', '/docs/index.html'];
const FILES = [
  '/docs/swagger-ui-init.js',
  '/docs/swagger-ui-bundle.js',
  '/docs/swagger-ui.css',
  '/docs-json',
];

describe('SWAGGER_ACCESS=open', () => {
  it.each([...PAGES, ...FILES])('serves %s to everybody', async (url) => {
    await start('open');
    expect((await app.inject(url)).statusCode).toBe(200);
  });

  it('runs scripts of this server only', async () => {
    await start('open');
    const page = await app.inject('/docs');
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toMatch(/script-src[^;]*unsafe/);
    expect(page.body).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>/);
    expect(page.body).not.toMatch(/src="https?:/);
  });
});

describe('SWAGGER_ACCESS=off', () => {
  it.each([...PAGES, ...FILES])('has no %s', async (url) => {
    await start('off');
    expect((await app.inject(url)).statusCode).toBe(404);
  });
});

describe('SWAGGER_ACCESS=admin', () => {
  it.each(FILES)('refuses %s to others', async (url) => {
    await start('admin', GuardedModule);
    const answer = await app.inject(url);
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([401, 'unauthenticated']);
  });

  it.each(['/docs', '/docs/'])('shows others a sign-in form at %s', async (url) => {
    await start('admin', GuardedModule);
    const answer = await app.inject(url);
    expect(answer.statusCode).toBe(401);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
    });
    expect(answer.body).toContain('<form method="post" action="/docs/session">');
    expect(answer.body).not.toContain('swagger');
  });

  it.each([
    '/docs/%69ndex.html',
    '/%64ocs-json',
    '/docs/./swagger-ui-init.js',
    '/docs//swagger-ui-init.js',
    '/docs-json?x=1',
  ])('is not got round by spelling: %s', async (url) => {
    await start('admin', GuardedModule);
    const answer = await app.inject(url);
    expect(answer.statusCode).toBeGreaterThanOrEqual(400);
    expect(answer.body).not.toContain('listThings');
  });

  it('is not got round by an absolute address either', async () => {
    await start('admin', GuardedModule);
    await app.listen(0, '127.0.0.1');
    const { hostname, port } = new URL(await app.getUrl());
    const status = await new Promise((resolve, reject) => {
      const asked = request({ hostname, port, path: 'http://anywhere/docs-json' }, ({ statusCode }) =>
        resolve(statusCode),
      );
      asked.on('error', reject).end();
    });
    expect(status).toBe(401);
  });

  it.each([...PAGES, ...FILES])('serves %s to whom DocsAccess admits', async (url) => {
    await start('admin', GuardedModule);
    const answer = await app.inject({ url, headers: { authorization: 'Bearer open-sesame' } });
    expect(answer.statusCode).toBe(200);
  });

  it('shows nothing where nobody can tell who is calling', async () => {
    await start('admin', OpenModule);
    expect((await app.inject('/docs-json')).statusCode).toBe(404);
  });
});

describe('the document', () => {
  it('has the three credentials, the devise headers counting as one', async () => {
    await start('open');
    const document = await readDocument();
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.components.securitySchemes).sort()).toEqual([
      'access-token',
      'api_access_token',
      'bearer',
      'client',
      'uid',
    ]);
    const security = document.paths['/things']!['get']!.security;
    expect(security).toHaveLength(3);
    expect(security).toEqual(
      expect.arrayContaining([
        { api_access_token: [] },
        { bearer: [] },
        { 'access-token': [], client: [], uid: [] },
      ]),
    );
  });

  it('has one answer a status with an example for each error', async () => {
    await start('open');
    const document = await readDocument();
    const { responses } = document.paths['/things']!['post']!;
    expect(responses['401']!.content['application/json']).toEqual({
      schema: { $ref: '#/components/schemas/ErrorBody' },
      examples: {
        unauthenticated: {
          value: {
            error: 'You need to sign in or sign up before continuing.',
            code: 'unauthenticated',
            errors: ['You need to sign in or sign up before continuing.'],
          },
        },
        invalid_access_token: { value: { error: 'Invalid Access Token', code: 'invalid_access_token' } },
      },
    });
    expect(responses['429']!.headers).toHaveProperty('Retry-After');
    expect(Object.keys(responses['422']!.content['application/json'].examples)).toEqual([
      'validation_failed',
      'parameter_missing',
    ]);
    expect(document.components.schemas.ErrorBody.required).toEqual(['error', 'code']);
  });
});

describe('every operation', () => {
  it('says what may happen anywhere, and what may happen to a body', async () => {
    await start('open');
    const { paths } = await readDocument();
    expect(Object.keys(paths['/things']!['get']!.responses)).toEqual(['200', '401', '429', '500', '503']);
    expect(Object.keys(paths['/public/json']!['post']!.responses)).toEqual([
      '201',
      '400',
      '413',
      '415',
      '500',
      '503',
    ]);
    expect(Object.keys(paths['/public/raw']!['post']!.responses)).toEqual(['201', '413', '500', '503']);
  });

  it('without credentials says that it asks for none', async () => {
    await start('open');
    expect((await readDocument()).paths['/public/json']!['post']!.security).toEqual([]);
  });
});
