import { type FastifyRequest } from 'fastify';

/**
 * Decides who may read the API documentation where `SWAGGER_ACCESS=admin`. Provided by `#libs/auth`, which knows who
 * is calling; this lib only asks.
 */
export abstract class DocsAccess {
  abstract admits(request: FastifyRequest): Promise<boolean>;
}
