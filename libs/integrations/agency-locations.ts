import { Injectable } from '@nestjs/common';
import { type AuditActor } from '#libs/audit';
import { GlobalConfigService } from '#libs/config';
import { GOHIGHLEVEL_APP_ID, type Hook, HookStatus } from '#libs/database';
import { DomainError } from '#libs/errors';
import { appIdOf, OAuthApi } from '#libs/highlevel';
import { DataSource } from 'typeorm';
import { Agencies, type Agency } from './agencies.js';
import { AgencyTokens } from './agency-tokens.js';
import { ConcurrencyLimit } from './concurrency-limit.js';
import {
  AgencyRefused,
  HighLevelUnavailable,
  LocationAlreadyConnected,
  NotConnected,
} from './connection-errors.js';
import { Hooks } from './hooks.js';
import { LocationMint } from './location-mint.js';
import { LocationProfiles } from './location-profiles.js';

/** Locations that are connected at once; each takes a call to HighLevel, and a second one for its name. */
const CONNECTED_AT_ONCE = 4;

/** Which part of an agency's locations is wanted. */
export interface LocationsWanted {
  /** The account's first agency where it is left out. */
  readonly companyId?: string | undefined;
  /** By name. */
  readonly query?: string | undefined;
  readonly offset: number;
  readonly limit: number;
}

export type Holder = 'this_account' | 'another_account';

/** A location of an agency, and who has it. */
export interface AgencyLocation {
  readonly locationId: string;
  readonly name: string | null;
  readonly address: string | null;
  /** Whether the app is installed there. */
  readonly installed: boolean;
  readonly installedAt: string | null;
  /** Whether this account is connected to it. */
  readonly connected: boolean;
  /** Who has it, also where the connection does not work: a location belongs to one account. */
  readonly heldBy: Holder | null;
}

export interface AgencyLocationsPage {
  /** Undefined where the account has no agency. */
  readonly agency: Agency | undefined;
  readonly locations: readonly AgencyLocation[];
  /** Of all pages, where HighLevel says it. */
  readonly count: number | undefined;
}

/** What became of one location that was to be connected. */
export interface ConnectedLocation {
  readonly locationId: string;
  readonly hook: Hook | undefined;
  readonly error: DomainError | undefined;
}

/** The locations of an agency that authorized the app: shown, and connected one by one (HL 2.4, 2.7). */
@Injectable()
export class AgencyLocations {
  constructor(
    private readonly database: DataSource,
    private readonly agencies: Agencies,
    private readonly tokens: AgencyTokens,
    private readonly mint: LocationMint,
    private readonly hooks: Hooks,
    private readonly profiles: LocationProfiles,
    private readonly oauth: OAuthApi,
    private readonly globalConfig: GlobalConfigService,
  ) {}

  /** @throws NotConnected for an agency that the account does not have, and what `AgencyTokens.use` throws */
  async list(accountId: number, wanted: LocationsWanted): Promise<AgencyLocationsPage> {
    const agency = await this.find(accountId, wanted.companyId);
    if (!agency) return { agency, locations: [], count: 0 };
    const { companyId } = agency;
    const { clientId } = await this.globalConfig.ghlCredentials();
    const { locations, count } = await this.tokens.use(accountId, companyId, (agencyToken) =>
      this.oauth.installedLocations({
        agencyToken,
        companyId,
        appId: appIdOf(clientId),
        query: wanted.query,
        skip: wanted.offset,
        limit: wanted.limit,
      }),
    );
    const holders = await this.holdersOf(locations.map(({ id }) => id));
    return {
      agency,
      count,
      locations: locations.map(({ id, name = null, address = null, isInstalled, installedAt = null }) => {
        const own = holders.find((hook) => hook.locationId === id && hook.accountId === accountId);
        const held = own ?? holders.find((hook) => hook.locationId === id);
        return {
          locationId: id,
          name,
          address,
          installed: isInstalled ?? false,
          installedAt,
          connected: own?.works ?? false,
          heldBy: held ? (own ? 'this_account' : 'another_account') : null,
        };
      }),
    };
  }

  /**
   * Connects each with a token of its own. What is wrong with one location does not keep the others from it.
   * @throws NotConnected for an agency that the account does not have, and what `AgencyTokens.use` throws about the
   * agency itself
   */
  async connect(
    accountId: number,
    wanted: { readonly companyId?: string | undefined; readonly locationIds: readonly string[] },
    actor: AuditActor,
  ): Promise<ConnectedLocation[]> {
    const agency = await this.find(accountId, wanted.companyId);
    if (!agency) throw new NotConnected();
    const limit = new ConcurrencyLimit(CONNECTED_AT_ONCE);
    const results = await Promise.allSettled(
      wanted.locationIds.map((locationId) => limit.run(() => this.connectOne(agency, locationId, actor))),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  }

  private async connectOne(
    { accountId, companyId }: Agency,
    locationId: string,
    actor: AuditActor,
  ): Promise<ConnectedLocation> {
    try {
      const grant = await this.mint.mint(accountId, companyId, locationId);
      const hook = await this.hooks.connect(accountId, grant, actor);
      await this.profiles.read(hook);
      return { locationId, hook, error: undefined };
    } catch (error) {
      if (!isAboutOneLocation(error)) throw error;
      return { locationId, hook: undefined, error };
    }
  }

  private async find(accountId: number, companyId: string | undefined): Promise<Agency | undefined> {
    const agencies = await this.agencies.findByAccount(accountId);
    if (companyId === undefined) return agencies[0];
    const agency = agencies.find((candidate) => candidate.companyId === companyId);
    if (!agency) throw new NotConnected();
    return agency;
  }

  private async holdersOf(
    locationIds: readonly string[],
  ): Promise<{ locationId: string; accountId: number; works: boolean }[]> {
    return this.database.query(
      `select reference_id as "locationId", account_id as "accountId",
              coalesce(status = $3 and access_token is not null, false) as works
         from integrations_hooks where app_id = $1 and reference_id = any($2::text[]) order by id`,
      [GOHIGHLEVEL_APP_ID, locationIds, HookStatus.enabled],
    );
  }
}

function isAboutOneLocation(error: unknown): error is DomainError {
  if (error instanceof AgencyRefused) return error.reason !== 'scope_missing';
  return error instanceof LocationAlreadyConnected || error instanceof HighLevelUnavailable;
}
