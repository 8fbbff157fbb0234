import { Injectable } from '@nestjs/common';
import { Hooks } from '#libs/integrations';
import { DataSource } from 'typeorm';
import { type ClaimedEvent, InboxClaims } from './inbox-claims.js';

/** Applies UNINSTALL events: of one location, or of all locations of an agency (HL 4.6). */
@Injectable()
export class Uninstalls {
  constructor(
    private readonly database: DataSource,
    private readonly hooks: Hooks,
    private readonly claims: InboxClaims,
  ) {}

  /** Each is applied before its row ends; doing it twice does no harm. */
  async apply(claimed: readonly ClaimedEvent[]): Promise<void> {
    for (const event of claimed) await this.applyOne(event);
  }

  private async applyOne({
    id,
    leaseToken,
    locationId,
    companyId,
    eventAt,
    receivedAt,
  }: ClaimedEvent): Promise<void> {
    const ended = await this.hooks.uninstall({
      locationId: locationId ?? undefined,
      companyId: companyId ?? undefined,
      at: eventAt ?? receivedAt,
    });
    const ending =
      ended.length > 0
        ? ({ id, state: 'done', reason: null } as const)
        : ({ id, state: 'ignored', reason: 'nothing_to_uninstall' } as const);
    await this.claims.finish(this.database.manager, leaseToken, [ending]);
  }
}
