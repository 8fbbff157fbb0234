import { Injectable } from '@nestjs/common';
import { AuditLog } from '#libs/audit';
import { ContactStore, retriedTransaction } from '#libs/contacts';
import { type Contact, type Hook } from '#libs/database';
import { Conflict, NotFound } from '#libs/errors';
import { type HighLevelContact } from '#libs/highlevel';
import { text } from '#libs/i18n';
import { Hooks } from '#libs/integrations';
import { WakeUps } from '#libs/queue';
import { DataSource, type EntityManager } from 'typeorm';
import { type AmbiguousMatch, AmbiguousMatches } from './ambiguous-matches.js';
import { ContactLinks, placeOfHook } from './contact-links.js';
import { ContactMatching } from './contact-matching.js';
import { ContactSync } from './contact-sync.js';
import { LocalSide } from './local-side.js';
import { Outbox } from './outbox.js';
import { RemoteLook } from './remote-look.js';

/** The link is of this transaction: nothing that is known is later than what HighLevel has just told. */
const LATER_THAN_ALL = new Date(8.64e15);

/** What a person decides about a contact of HighLevel that may be one of several. */
export interface MatchDecision {
  readonly accountId: number;
  readonly userId: number;
  readonly matchId: number;
  /** Null: it is none of them, but somebody new. */
  readonly contactId: number | null;
}

/** Carries out what a person decides about an ambiguous match. */
@Injectable()
export class MatchResolution {
  constructor(
    private readonly database: DataSource,
    private readonly hooks: Hooks,
    private readonly remoteLook: RemoteLook,
    private readonly store: ContactStore,
    private readonly links: ContactLinks,
    private readonly matching: ContactMatching,
    private readonly matches: AmbiguousMatches,
    private readonly contactSync: ContactSync,
    private readonly localSide: LocalSide,
    private readonly outbox: Outbox,
    private readonly wakeUps: WakeUps,
    private readonly auditLog: AuditLog,
  ) {}

  /**
   * Links the two, and merges them as two that meet for the first time. Doing it twice is doing it once.
   * @throws NotFound, also when HighLevel has the contact no more; Conflict when either has a partner by now;
   * NotConnected, ContactNotTold, and what fetching a token throws
   */
  async resolve(decision: MatchDecision): Promise<AmbiguousMatch> {
    const { accountId, matchId } = decision;
    const match = await this.matches.one(accountId, matchId);
    if (!match) throw new NotFound('Match');
    if (match.resolvedAt) return match;
    const hook = await this.hooks.ofLocation(accountId, match.locationId);
    const remote = await this.remoteLook.at(hook, match.ghlContactId);
    if (!remote) throw new NotFound('Contact in HighLevel');
    await retriedTransaction(this.database, (manager) =>
      this.link(manager, hook, match, remote.contact, decision),
    );
    this.wakeUps.ring('outbound', hook.id);
    return (await this.matches.one(accountId, matchId)) ?? match;
  }

  private async link(
    manager: EntityManager,
    hook: Hook,
    { id, ghlContactId, name }: AmbiguousMatch,
    remote: HighLevelContact,
    { accountId, userId, contactId: chosen }: MatchDecision,
  ): Promise<void> {
    const place = placeOfHook(hook);
    await this.links.lock(manager, place, [ghlContactId]);
    if (await this.links.ofRemote(manager, place, ghlContactId))
      throw new Conflict(text('match.remote_has_partner'));
    const contact =
      chosen === null
        ? await this.store.insert(manager, accountId, { name: name ?? '' })
        : await this.free(manager, hook, chosen);
    const agreement = { contactId: contact.id, ghlContactId, snapshot: {}, remoteVersion: null };
    await this.links.agree(manager, place, 'in', [agreement]);
    await this.localSide.showId(manager, place, contact, ghlContactId);
    await this.contactSync.applyFound(manager, hook, [remote], LATER_THAN_ALL);
    await this.outbox.enqueue(manager, hook, contact.id, ghlContactId);
    await this.matches.resolve(manager, id, userId, contact.id);
    await this.auditLog.record(
      {
        accountId,
        action: 'match.resolve',
        actor: { kind: 'user', userId },
        outcome: 'success',
        hookId: hook.id,
        locationId: place.locationId,
        details: {
          match_id: id,
          contact_id: contact.id,
          ghl_contact_id: ghlContactId,
          is_new: chosen === null,
        },
      },
      manager,
    );
  }

  private async free(manager: EntityManager, hook: Hook, contactId: number): Promise<Contact> {
    const exists = await this.store.find(manager, hook.accountId, contactId);
    if (!exists) throw new NotFound('Contact');
    const [contact] = await this.matching.withoutPartner(manager, placeOfHook(hook), [contactId]);
    if (!contact) throw new Conflict(text('match.contact_has_partner'), { contact_id: contactId });
    return this.localSide.restore(manager, contact);
  }
}
