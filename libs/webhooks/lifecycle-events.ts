import { Injectable } from '@nestjs/common';
import { AgencyInstalls, Hooks } from '#libs/integrations';
import { DataSource } from 'typeorm';
import { type ClaimedEvent, type Ending, InboxClaims } from './inbox-claims.js';

/** Applies INSTALL and UNINSTALL events: of one location, or of a whole agency (HL 4.6). */
@Injectable()
export class LifecycleEvents {
  constructor(
    private readonly database: DataSource,
    private readonly hooks: Hooks,
    private readonly installs: AgencyInstalls,
    private readonly claims: InboxClaims,
  ) {}

  /**
   * Each is applied before its row ends; doing it twice does no harm. Throws what HighLevel's refusals throw.
   * @returns how those ended that did not go on waiting
   */
  async apply(claimed: readonly ClaimedEvent[]): Promise<readonly Ending[]> {
    const endings: Ending[] = [];
    for (const event of claimed) {
      const ending = event.type === 'INSTALL' ? await this.install(event) : await this.uninstall(event);
      if (!ending) continue;
      await this.claims.finish(this.database.manager, event.leaseToken, [ending]);
      endings.push(ending);
    }
    return endings;
  }

  /** Undefined where the row waits on. */
  private async install(event: ClaimedEvent): Promise<Ending | undefined> {
    const outcome = await this.installs.apply(placeAndTime(event));
    if (outcome.state !== 'parked') return { id: event.id, ...outcome };
    await this.claims.park(event, outcome.reason);
    return undefined;
  }

  private async uninstall(event: ClaimedEvent): Promise<Ending> {
    const ended = await this.hooks.uninstall(placeAndTime(event));
    return ended.length > 0
      ? { id: event.id, state: 'done', reason: null }
      : { id: event.id, state: 'ignored', reason: 'nothing_to_uninstall' };
  }
}

function placeAndTime({ locationId, companyId, eventAt, receivedAt }: ClaimedEvent): {
  locationId: string | undefined;
  companyId: string | undefined;
  at: Date;
} {
  return {
    locationId: locationId ?? undefined,
    companyId: companyId ?? undefined,
    at: eventAt ?? receivedAt,
  };
}
