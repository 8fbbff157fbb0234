import { Injectable } from '@nestjs/common';
import { AuditLog } from '#libs/audit';
import { ContactStore, retriedTransaction } from '#libs/contacts';
import { type ContactLink, type Hook, HookStatus } from '#libs/database';
import { NotFound } from '#libs/errors';
import { Hooks, NotConnected } from '#libs/integrations';
import { WakeUps } from '#libs/queue';
import { DataSource } from 'typeorm';
import { ContactLinks, placeOfHook } from './contact-links.js';
import { ContactSync } from './contact-sync.js';
import { DefaultLocation } from './default-location.js';
import { FoundContacts } from './found-contacts.js';
import { LocalSide } from './local-side.js';
import { Outbox } from './outbox.js';
import { RemoteLook } from './remote-look.js';

/** Who asks, and about which contact. */
export interface ContactOrder {
  readonly accountId: number;
  readonly userId: number;
  readonly contactId: number;
}

/** What a person does about the sync of one contact. Throws NotFound for a contact of another account. */
@Injectable()
export class ManualSync {
  constructor(
    private readonly database: DataSource,
    private readonly hooks: Hooks,
    private readonly remoteLook: RemoteLook,
    private readonly store: ContactStore,
    private readonly links: ContactLinks,
    private readonly contactSync: ContactSync,
    private readonly found: FoundContacts,
    private readonly localSide: LocalSide,
    private readonly outbox: Outbox,
    private readonly defaultLocation: DefaultLocation,
    private readonly wakeUps: WakeUps,
    private readonly auditLog: AuditLog,
  ) {}

  /**
   * Both ways, now: what HighLevel has is read and merged, and what DeskFlow has is pushed. A contact that was unlinked
   * is linked again; one that has no link goes where new contacts go.
   * @throws NotConnected, ContactNotTold, and what fetching a token throws
   */
  async sync(order: ContactOrder): Promise<void> {
    const { accountId, userId, contactId } = order;
    const links = await this.linksOf(order);
    const hooks = (await this.hooks.findByAccount(accountId)).filter(
      ({ status }) => status === HookStatus.enabled,
    );
    const chosen = await this.placesOf(accountId, hooks, links);
    if (chosen.length === 0) throw new NotConnected();
    for (const hook of chosen) {
      const link = links.find(({ locationId }) => locationId === hook.referenceId);
      if (link) await this.pull(hook, link);
      await this.database.transaction(async (manager) => {
        await this.outbox.enqueue(manager, hook, contactId, link?.ghlContactId ?? null);
        await this.auditLog.record(
          {
            accountId,
            action: 'contact.sync',
            actor: { kind: 'user', userId },
            outcome: 'success',
            hookId: hook.id,
            locationId: hook.referenceId,
            details: { contact_id: contactId },
          },
          manager,
        );
      });
      this.wakeUps.ring('outbound', hook.id);
    }
  }

  /**
   * From now on the two go their own ways, until somebody syncs them again. Both stay as they are.
   * @param locationId all of them where it is left out
   * @throws NotFound also when it is not linked there
   */
  async unlink(
    { accountId, userId, contactId }: ContactOrder,
    locationId: string | undefined,
  ): Promise<void> {
    const links = (await this.linksOf({ accountId, contactId })).filter(
      (link) => locationId === undefined || link.locationId === locationId,
    );
    if (links.length === 0) throw new NotFound('Link');
    for (const link of links) {
      await retriedTransaction(this.database, async (manager) => {
        await this.links.lock(manager, link, [link.ghlContactId]);
        const contact = await this.store.findForUpdate(manager, accountId, contactId);
        if (!contact) throw new NotFound('Contact');
        await this.links.markUnlinked(manager, link, true);
        await this.localSide.forgetId(manager, contact, link.ghlContactId);
        await this.outbox.dropOpen(manager, link, 'unlinked');
        await this.auditLog.record(
          {
            accountId,
            action: 'contact.unlink',
            actor: { kind: 'user', userId },
            outcome: 'success',
            locationId: link.locationId,
            details: { contact_id: contactId, ghl_contact_id: link.ghlContactId },
          },
          manager,
        );
      });
    }
  }

  private async linksOf({
    accountId,
    contactId,
  }: Pick<ContactOrder, 'accountId' | 'contactId'>): Promise<ContactLink[]> {
    const { manager } = this.database;
    if (!(await this.store.find(manager, accountId, contactId))) throw new NotFound('Contact');
    return this.links.ofContacts(manager, accountId, [contactId]);
  }

  /** Where it is linked, else where new contacts go. */
  private async placesOf(
    accountId: number,
    hooks: readonly Hook[],
    links: readonly ContactLink[],
  ): Promise<readonly Hook[]> {
    const linked = hooks.filter(({ referenceId }) =>
      links.some(({ locationId }) => locationId === referenceId),
    );
    if (linked.length > 0 || hooks.length === 1) return linked.length > 0 ? linked : hooks;
    const chosen = await this.defaultLocation.of(accountId);
    return hooks.filter(({ referenceId }) => referenceId === chosen);
  }

  private async pull(hook: Hook, link: ContactLink): Promise<void> {
    if (link.unlinkedAt) await this.relink(hook, link);
    const seen = await this.remoteLook.at(hook, link.ghlContactId);
    if (!seen) return this.applyDeletion(hook, link);
    const page = { contacts: [seen.contact], asOf: seen.asOf };
    await this.found.apply(hook, page, () => Promise.resolve());
  }

  private async relink(hook: Hook, link: ContactLink): Promise<void> {
    const place = placeOfHook(hook);
    await retriedTransaction(this.database, async (manager) => {
      await this.links.lock(manager, place, [link.ghlContactId]);
      const contact = await this.localSide.lock(manager, place, link.contactId);
      if (!contact) throw new NotFound('Contact');
      await this.links.markUnlinked(manager, link, false);
      await this.localSide.showId(manager, place, contact, link.ghlContactId);
    });
  }

  private async applyDeletion(hook: Hook, link: ContactLink): Promise<void> {
    const event = { type: 'ContactDelete' as const, id: link.ghlContactId };
    await retriedTransaction(this.database, (manager) =>
      this.contactSync.applyEvents(manager, hook, [{ id: 0, eventAt: null, event }]),
    );
  }
}
