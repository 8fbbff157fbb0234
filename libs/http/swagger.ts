import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { type AppConfig } from '#libs/config';
import { Unauthenticated } from '#libs/errors';
import { DocsAccess } from './docs-access.js';
import { DOCS_SESSION_PATH, docsSignInPage } from './docs-sign-in-page.js';
import { explainError } from './explain-error.js';
import { openApiDocument } from './openapi-document.js';

const UI_PATH = '/docs';
const DOCUMENT_PATH = '/docs-json';

/** Swagger UI's scripts are files of this server; its styles are partly inline, its icons are data URLs. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Swagger UI at `/docs` and the document at `/docs-json`, for whom `SWAGGER_ACCESS` says. */
export function serveDocs(app: NestFastifyApplication, config: AppConfig): void {
  const access = config.swaggerAccess === 'admin' ? docsAccess(app) : undefined;
  if (config.swaggerAccess === 'off' || (config.swaggerAccess === 'admin' && !access)) return;
  const instance = app.getHttpAdapter().getInstance();
  stateContentSecurityPolicy(instance);
  if (access) guardDocs(instance, access);

  SwaggerModule.setup(UI_PATH, app, () => openApiDocument(app, config), {
    raw: ['json'],
    jsonDocumentUrl: DOCUMENT_PATH,
    customSiteTitle: 'deskflow-ghl API',
    swaggerOptions: { persistAuthorization: false, displayRequestDuration: true, operationsSorter: 'alpha' },
  });
}

/** An application without `AuthModule` knows nobody and shows the documentation to nobody. */
function docsAccess(app: NestFastifyApplication): DocsAccess | undefined {
  try {
    return app.get(DocsAccess, { strict: false });
  } catch {
    return undefined;
  }
}

function stateContentSecurityPolicy(instance: FastifyInstance): void {
  instance.addHook('onSend', (request, reply, _payload, done) => {
    if (isDocs(request)) void reply.header('content-security-policy', CONTENT_SECURITY_POLICY);
    done();
  });
}

/** Answers itself rather than throwing: Swagger's routes are older than Nest's error handler and would not reach it. */
function guardDocs(instance: FastifyInstance, access: DocsAccess): void {
  instance.addHook('preValidation', async (request, reply) => {
    const route = request.routeOptions.url;
    if (!isDocs(request) || route === DOCS_SESSION_PATH || (await access.admits(request))) return;
    const { status, body } = explainError(new Unauthenticated());
    void reply.status(status).header('cache-control', 'no-store');
    if (route === UI_PATH || route === `${UI_PATH}/`)
      await reply.type('text/html; charset=utf-8').send(docsSignInPage());
    else await reply.send(body);
  });
}

/** Asks for the route that was matched: addresses can be spelled in too many ways to be compared. */
function isDocs(request: FastifyRequest): boolean {
  return request.routeOptions.url?.startsWith(UI_PATH) === true;
}
