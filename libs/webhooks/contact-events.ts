import { Injectable } from '@nestjs/common';
import { ContactSync, type InboundContactEvent, type InboundResult } from '#libs/contact-sync';
import { type Hook } from '#libs/database';
import { type ContactEvent } from '#libs/highlevel';
import { ConcurrencyLimit } from '#libs/integrations';
import { DataSource } from 'typeorm';
import { type ClaimedEvent, type Ending, InboxClaims } from './inbox-claims.js';

/**
 * Batches that one process writes at a time, of all hooks. More would not be faster, and each holds locks
 * (`ROWS_PER_CLAIM`).
 */
const TRANSACTIONS_AT_ONCE = 3;

/** Applies contact events of one hook. */
@Injectable()
export class ContactEvents {
  private readonly transactions = new ConcurrencyLimit(TRANSACTIONS_AT_ONCE);

  constructor(
    private readonly database: DataSource,
    private readonly contactSync: ContactSync,
    private readonly claims: InboxClaims,
  ) {}

  /**
   * Contacts and rows change in one transaction.
   * @returns how each event ended
   * Throws what PostgreSQL throws, and LeaseLost; then nothing was applied.
   */
  async apply(hook: Hook, claimed: readonly ClaimedEvent[]): Promise<readonly Ending[]> {
    const events = claimed.map(inboundEvent);
    const fetched = await this.contactSync.prepare(hook, events);
    return this.transactions.run(() =>
      this.database.transaction(async (manager) => {
        const results = await this.contactSync.applyEvents(manager, hook, events, fetched);
        const endings = results.map(endingOf);
        await this.claims.finish(manager, claimed[0]?.leaseToken ?? '', endings);
        return endings;
      }),
    );
  }
}

/** The bytes were parsed when they came: a row of a contact event holds an object. */
function inboundEvent({ id, eventAt, body }: ClaimedEvent): InboundContactEvent {
  return { id, eventAt, event: JSON.parse(body.toString('utf8')) as ContactEvent };
}

function endingOf(result: InboundResult): Ending {
  const { id, outcome } = result;
  switch (outcome) {
    case 'created':
    case 'applied':
      return { id, state: 'done', reason: null };
    case 'unchanged':
      return { id, state: 'done', reason: 'unchanged' };
    case 'stale':
      return { id, state: 'ignored', reason: 'stale' };
    case 'ignored':
      return { id, state: 'ignored', reason: result.reason };
  }
}
