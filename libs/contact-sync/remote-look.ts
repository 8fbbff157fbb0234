import { Injectable } from '@nestjs/common';
import { type Hook } from '#libs/database';
import { DomainError } from '#libs/errors';
import { type HighLevelContact, HighLevelError } from '#libs/highlevel';
import { text } from '#libs/i18n';
import { HighLevelClients } from '#libs/integrations';
import { DataSource } from 'typeorm';

/** Somebody waits for it: a 429, or no answer, is for them to try again. */
const PASSING: ReadonlySet<HighLevelError['kind']> = new Set(['rate_limited', 'unavailable', 'unexpected']);

/** HighLevel could not tell how it has the contact. */
export class ContactNotTold extends DomainError {
  readonly code: 'highlevel_refused' | 'highlevel_unavailable';

  constructor({ kind }: HighLevelError) {
    super(text('contact.not_told'), { reason: kind });
    this.code = PASSING.has(kind) ? 'highlevel_unavailable' : 'highlevel_refused';
  }
}

/** A contact as HighLevel has it. */
export interface SeenContact {
  readonly contact: HighLevelContact;
  /** PostgreSQL's time before HighLevel was asked. */
  readonly asOf: Date;
}

/** Looks at a contact in HighLevel because a person wants to know. */
@Injectable()
export class RemoteLook {
  constructor(
    private readonly database: DataSource,
    private readonly clients: HighLevelClients,
  ) {}

  /**
   * @returns undefined when HighLevel does not have it any more
   * @throws ContactNotTold, and what fetching a token throws
   */
  async at(hook: Hook, ghlContactId: string): Promise<SeenContact | undefined> {
    const [{ asOf }] = await this.database.query<[{ asOf: Date }]>('select clock_timestamp() as "asOf"');
    try {
      return { contact: await this.clients.forHook(hook).contacts.get(ghlContactId), asOf };
    } catch (error) {
      if (!(error instanceof HighLevelError)) throw error;
      if (error.kind === 'not_found') return undefined;
      throw new ContactNotTold(error);
    }
  }
}
