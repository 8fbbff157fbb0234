import { type CanActivate, type ExecutionContext, Injectable, Logger } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { Throttled } from '#libs/errors';
import { type WebhookVerifier } from '#libs/highlevel';
import { IntakeMetrics } from './intake-metrics.js';
import { RefusedDeliveries } from './refused-deliveries.js';
import { SignatureRejected } from './signature-rejected.js';
import { WebhookSettings } from './webhook-settings.js';

/** Lets in what HighLevel, or a holder of the shared secret, has signed: over the bytes as they came (HL 4.2). */
@Injectable()
export class SignatureGuard implements CanActivate {
  private readonly logger = new Logger(SignatureGuard.name);

  constructor(
    private readonly settings: WebhookSettings,
    private readonly refusedDeliveries: RefusedDeliveries,
    private readonly metrics: IntakeMetrics,
  ) {}

  /** @throws SignatureRejected; Throttled when the source had too many refused, or nothing can be stored */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const policy = this.settings.policy();
    if (policy instanceof Promise) return policy.then(({ verifier }) => this.admit(request, verifier));
    return this.admit(request, policy.verifier);
  }

  private admit(request: FastifyRequest, verifier: WebhookVerifier): true {
    const { body, headers } = request;
    const verification = verifier.verify(Buffer.isBuffer(body) ? body : Buffer.alloc(0), {
      ghlSignature: headers['x-ghl-signature'],
      whSignature: headers['x-wh-signature'],
    });
    if (verification.ok) return true;
    this.metrics.refused(verification.reason);
    // Asked for here and not above: Fastify works the address out, proxies and all, each time.
    const wait = this.refusedDeliveries.add(request.ip);
    if (wait > 0) throw new Throttled(wait);
    this.logger.warn({ msg: 'Refused a delivery', ...request.logContext, reason: verification.reason });
    throw new SignatureRejected(verification.reason);
  }
}
