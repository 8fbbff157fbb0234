import helmet from '@fastify/helmet';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type AppConfig } from '#libs/config';

/** A year, as browsers' preload lists ask for at least. */
const HSTS_SECONDS = 31_536_000;

/**
 * Headers of every answer. JSON needs nothing, so nothing is allowed; a page states its own
 * `Content-Security-Policy` instead.
 */
export async function registerSecurityHeaders(app: NestFastifyApplication, config: AppConfig): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
      },
    },
    strictTransportSecurity: config.isProduction ? { maxAge: HSTS_SECONDS } : false,
    crossOriginResourcePolicy: { policy: 'same-site' },
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
}
