import { Injectable } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { DomainError } from '#libs/errors';
import { DocsAccess } from '#libs/http';
import { Credentials } from './credentials.js';
import { docsTokenOf } from './docs-cookie.js';
import { Sessions } from './sessions.js';
import { type UserRecord, Users } from './users.js';

/** Administrators of any account and super admins may read the documentation: by cookie, or by any credential. */
@Injectable()
export class AdministratorDocsAccess extends DocsAccess {
  constructor(
    private readonly sessions: Sessions,
    private readonly credentials: Credentials,
    private readonly users: Users,
  ) {
    super();
  }

  async admits(request: FastifyRequest): Promise<boolean> {
    const user = await this.identify(request);
    return user !== undefined && !user.confinement && this.users.administersAnything(user);
  }

  private async identify({ headers }: FastifyRequest): Promise<UserRecord | undefined> {
    const cookie = docsTokenOf(headers.cookie);
    if (cookie !== undefined) return this.sessions.verify(cookie, 'docs');
    try {
      return await this.credentials.authenticate(headers);
    } catch (error) {
      if (error instanceof DomainError) return undefined;
      throw error;
    }
  }
}
