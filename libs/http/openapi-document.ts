import { applyDecorators, type INestApplication } from '@nestjs/common';
import { ApiSecurity, DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { type AppConfig } from '#libs/config';
import { ErrorBody } from './error-body.js';

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
export function openApiDocument(app: INestApplication, config: AppConfig): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('deskflow-ghl')
    .setDescription(
      'Joins DeskFlow to HighLevel: OAuth, signed webhooks, two-way contact sync. Errors are `{ error, code }` with ' +
        "Chatwoot's sentences and statuses; a missing role is 401.",
    )
    .setVersion('1')
    .setLicense('Proprietary', config.frontendUrl)
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
  return SwaggerModule.createDocument(app, builder.build(), { extraModels: [ErrorBody] });
}

function header(
  name: string,
  description: string,
): { type: 'apiKey'; in: 'header'; name: string; description: string } {
  return { type: 'apiKey', in: 'header', name, description };
}
