import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type AppConfig } from '#libs/config';
import { Unauthenticated } from '#libs/errors';
import { DocsAccess } from './docs-access.js';
import { DOCS_DOCUMENT_PATH, DOCS_SESSION_PATH, DOCS_UI_PATH, isDocs } from './docs-routes.js';
import { docsSignInPage } from './docs-sign-in-page.js';
import { explainError } from './explain-error.js';
import { openApiDocument } from './openapi-document.js';

/** Swagger UI at `/docs` and the document at `/docs-json`, for whom `SWAGGER_ACCESS` says. */
export function serveDocs(app: NestFastifyApplication, config: AppConfig): void {
  if (config.swaggerAccess === 'off') return;
  if (config.swaggerAccess === 'admin') {
    const access = docsAccess(app);
    if (!access) return;
    guardDocs(app.getHttpAdapter().getInstance(), access);
  }
  SwaggerModule.setup(DOCS_UI_PATH, app, () => openApiDocument(app), {
    raw: ['json'],
    jsonDocumentUrl: DOCS_DOCUMENT_PATH,
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

/** Answers itself rather than throwing: Swagger's routes are older than Nest's error handler and would not reach it. */
function guardDocs(instance: FastifyInstance, access: DocsAccess): void {
  // Not an asynchronous hook: every request would wait for it.
  instance.addHook('preValidation', (request, reply, done) => {
    if (request.takesRawBody || !isDocs(request)) done();
    else void admitToDocs(request, reply, access).then((isAdmitted) => isAdmitted && done(), done);
  });
}

/** @returns false when the request is answered */
async function admitToDocs(
  request: FastifyRequest,
  reply: FastifyReply,
  access: DocsAccess,
): Promise<boolean> {
  const route = request.routeOptions.url;
  if (route === DOCS_SESSION_PATH || (await access.admits(request))) return true;
  const { status, body } = explainError(new Unauthenticated(), request.locale);
  void reply.status(status).header('cache-control', 'no-store');
  const isPage = route === DOCS_UI_PATH || route === `${DOCS_UI_PATH}/`;
  void (isPage
    ? reply.type('text/html; charset=utf-8').send(docsSignInPage(request.locale))
    : reply.send(body));
  return false;
}
