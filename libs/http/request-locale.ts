import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { type AppConfig } from '#libs/config';
import { type Locale } from '#libs/i18n';

declare module 'fastify' {
  interface FastifyRequest {
    /** The language of the answer: `DEFAULT_LOCALE`, until `#libs/auth` knows who asks about which account. */
    locale: Locale;
  }
}

/** A property that requests begin with, not a hook: deliveries of webhooks, which nobody reads, pay nothing for it. */
export function registerLocale(
  instance: FastifyInstance,
  { defaultLocale }: Pick<AppConfig, 'defaultLocale'>,
): void {
  instance.decorateRequest('locale', defaultLocale);
}

/** The language of the answer: `@CurrentLocale() locale: Locale`. */
export const CurrentLocale = createParamDecorator(
  (_: unknown, context: ExecutionContext): Locale =>
    context.switchToHttp().getRequest<FastifyRequest>().locale,
);
