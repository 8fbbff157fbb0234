import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { sameSecret } from '#libs/auth';
import { AppConfig } from '#libs/config';
import { Unauthenticated } from '#libs/errors';

const BEARER = /^Bearer (.+)$/i;

/** Lets in whoever knows `METRICS_TOKEN`, and everybody where none is set. */
@Injectable()
export class MetricsGuard implements CanActivate {
  constructor(private readonly config: AppConfig) {}

  /** @throws Unauthenticated */
  canActivate(context: ExecutionContext): true {
    const { metricsToken } = this.config;
    if (metricsToken === undefined) return true;
    const { authorization = '' } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    const given = BEARER.exec(authorization)?.[1];
    if (given === undefined || !sameSecret(given, metricsToken)) throw new Unauthenticated();
    return true;
  }
}
