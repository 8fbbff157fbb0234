import { applyDecorators, type INestApplication } from '@nestjs/common';
import { ApiSecurity, DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { type ErrorCode } from '#libs/errors';
import { errorResponses } from './api-errors.js';
import { RAW_BODY_EXTENSION } from './body-parsing.js';
import { ErrorBody } from './error-body.js';

type OperationObject = NonNullable<OpenAPIObject['paths'][string]['get']>;

/** Names of the security schemes in the document. */
const SCHEME = {
  token: 'api_access_token',
  bearer: 'bearer',
  accessToken: 'access-token',
  client: 'client',
  uid: 'uid',
};

const TAGS = {
  auth: 'Signing in',
  integrations: 'The HighLevel connection of an account',
  contacts: 'Contacts, as Chatwoot answers them',
  sync: 'How contacts are synced, and what the sync decided',
  webhooks: 'What HighLevel calls',
  administration: 'Settings of the whole installation, for super admins',
  operations: 'Health and metrics',
} as const;

/** Any one of the three credentials opens the operation; the three devise headers count as one together. */
export function ApiCredentials(): ClassDecorator & MethodDecorator {
  return applyDecorators(
    ApiSecurity(SCHEME.token),
    ApiSecurity(SCHEME.bearer),
    ApiSecurity({ [SCHEME.accessToken]: [], [SCHEME.client]: [], [SCHEME.uid]: [] }),
  );
}

/** The OpenAPI document of everything the application's controllers answer. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('deskflow-ghl')
    .setDescription(
      'Joins DeskFlow to HighLevel: OAuth, signed webhooks, two-way contact sync. Errors are `{ error, code }` with ' +
        "Chatwoot's sentences and statuses; a missing role is 401.",
    )
    .setVersion('1')
    .addServer('/', 'This server')
    .addApiKey(header('api_access_token', 'Personal token of a DeskFlow profile'), SCHEME.token)
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        description: 'Session token of `POST /auth/sign_in`, or a personal token',
      },
      SCHEME.bearer,
    )
    .addApiKey(header('access-token', 'Dashboard sign-in, with `client` and `uid`'), SCHEME.accessToken)
    .addApiKey(header('client', 'Dashboard sign-in, with `access-token` and `uid`'), SCHEME.client)
    .addApiKey(header('uid', 'Dashboard sign-in, with `access-token` and `client`'), SCHEME.uid);
  for (const [name, description] of Object.entries(TAGS)) builder.addTag(name, description);
  const document = SwaggerModule.createDocument(app, builder.build(), { extraModels: [ErrorBody] });
  operationsOf(document).forEach(complete);
  return document;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

function operationsOf(document: OpenAPIObject): OperationObject[] {
  return Object.values(document.paths).flatMap((path) => METHODS.flatMap((method) => path[method] ?? []));
}

const ANYWHERE: readonly ErrorCode[] = ['internal_error', 'unavailable'];
const WITH_A_RAW_BODY: readonly ErrorCode[] = ['payload_too_large'];
const WITH_A_BODY: readonly ErrorCode[] = [
  'bad_request',
  'malformed_json',
  'payload_too_large',
  'unsupported_media_type',
];

/** Adds what holds for every operation and so is written on none. */
function complete(operation: OperationObject): void {
  // An operation that asks for no credential says so, or tools take it for an omission.
  operation.security ??= [];
  const ofBody = operation.requestBody
    ? RAW_BODY_EXTENSION in operation
      ? WITH_A_RAW_BODY
      : WITH_A_BODY
    : [];
  operation.responses = { ...errorResponses([...ofBody, ...ANYWHERE]), ...operation.responses };
}

function header(
  name: string,
  description: string,
): { type: 'apiKey'; in: 'header'; name: string; description: string } {
  return { type: 'apiKey', in: 'header', name, description };
}
