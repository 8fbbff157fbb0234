import { Injectable } from '@nestjs/common';
import { type Hook, HookStatus } from '#libs/database';
import { DomainError } from '#libs/errors';
import { text } from '#libs/i18n';
import { Agencies, type Agency } from './agencies.js';
import { AgencyRefused, LocationAlreadyConnected, ReauthorizationRequired } from './connection-errors.js';
import { Hooks } from './hooks.js';
import { LocationMint } from './location-mint.js';
import { LocationProfiles } from './location-profiles.js';
import { HIGHLEVEL } from './refresh-audit.js';

/** What HighLevel's INSTALL says (HL 4.6). */
export interface Installation {
  /** Absent where a whole agency installed the app. */
  readonly locationId?: string | undefined;
  /** May be absent where a new location got the app by itself. */
  readonly companyId?: string | undefined;
  /** When it happened, by HighLevel's clock. */
  readonly at: Date;
}

/**
 * What became of it. `parked`: it waits until somebody claims the location, or until more is known.
 * - `not_claimed`: nobody here has the agency.
 * - `awaiting_choice`: an administrator chooses which of the locations that came with the agency are connected.
 * - `agency_unauthorized`: the agency must authorize again, or none of those who could vouch for it does.
 */
export type InstallOutcome =
  | { readonly state: 'done'; readonly reason: null }
  | { readonly state: 'ignored'; readonly reason: 'already_connected' | 'not_installed' | 'location_taken' }
  | {
      readonly state: 'parked';
      readonly reason:
        | 'not_claimed'
        | 'awaiting_choice'
        | 'several_accounts'
        | 'agency_unauthorized'
        | 'location_not_active';
    };

/** An INSTALL may overtake the callback of the agency; what is older belongs to an earlier installation. */
const MOST_AHEAD_MS = 3_600_000;
/** Where HighLevel does not list what was approved: the INSTALLs of that belong to the choice, too. */
const SETTLING_MS = 600_000;
/** HighLevel's parts learn of an installation one after the other: a refusal is final only after this. */
const MAY_LAG_MS = 600_000;
/** Agencies that are asked whether a location without a company is theirs. */
const MOST_ASKED = 25;

const parked = (reason: Extract<InstallOutcome, { state: 'parked' }>['reason']): InstallOutcome => ({
  state: 'parked',
  reason,
});

/** Locations that an agency adds later connect themselves, to the account that has the agency (HL 2.4). */
@Injectable()
export class AgencyInstalls {
  constructor(
    private readonly agencies: Agencies,
    private readonly hooks: Hooks,
    private readonly mint: LocationMint,
    private readonly profiles: LocationProfiles,
  ) {}

  /** @throws HighLevelUnavailable, TokenUnreadable, NotConfigured, Unavailable, AgencyRefused: worth another try */
  async apply(installation: Installation): Promise<InstallOutcome> {
    const { locationId, companyId } = installation;
    if (locationId === undefined) return this.ofAgency(companyId);
    const hook = await this.hooks.findByLocation(locationId);
    if (hook?.status === HookStatus.enabled) return { state: 'ignored', reason: 'already_connected' };
    if (companyId === undefined) return this.byAsking(locationId, hook, installation.at);
    const known = await this.agencies.findByCompany(companyId);
    if (known.length === 0) return parked('not_claimed');
    const agencies = known.filter((agency) => mayHave(agency, hook));
    const [agency] = agencies;
    if (agencies.length > 1) return parked('several_accounts');
    if (!agency || (!hook && isPartOfTheChoice(installation, agency))) return parked('awaiting_choice');
    return this.connect(agency, locationId, installation.at);
  }

  private async ofAgency(companyId: string | undefined): Promise<InstallOutcome> {
    const known = companyId === undefined ? [] : await this.agencies.findByCompany(companyId);
    return known.length > 0 ? { state: 'done', reason: null } : parked('not_claimed');
  }

  /** Only the agency it belongs to gets a token for it. */
  private async byAsking(locationId: string, hook: Hook | undefined, at: Date): Promise<InstallOutcome> {
    const agencies = await this.agencies.findWithFutureLocations(MOST_ASKED);
    const isUnique = ({ companyId }: Agency): boolean =>
      agencies.filter((other) => other.companyId === companyId).length === 1;
    for (const agency of agencies.filter((candidate) => isUnique(candidate) && mayHave(candidate, hook))) {
      const outcome = await this.connect(agency, locationId, new Date(0));
      if (outcome.state !== 'ignored') return outcome;
    }
    if (Date.now() - at.getTime() < MAY_LAG_MS && agencies.length > 0) throw new AgencyUnknown();
    return parked('agency_unauthorized');
  }

  private async connect(agency: Agency, locationId: string, at: Date): Promise<InstallOutcome> {
    const { accountId, companyId } = agency;
    try {
      const grant = await this.mint.mint(accountId, companyId, locationId);
      await this.profiles.read(await this.hooks.connect(accountId, grant, HIGHLEVEL));
      return { state: 'done', reason: null };
    } catch (error) {
      const outcome = outcomeOf(error, at);
      if (!outcome) throw error;
      return outcome;
    }
  }
}

/** No agency gets a token for the location yet. */
class AgencyUnknown extends DomainError {
  readonly code = 'highlevel_refused';

  constructor() {
    super(text('agency.none_yet'));
  }
}

/** A location that an account had before comes back to that account and to no other. */
function mayHave({ accountId }: Agency, hook: Hook | undefined): boolean {
  return hook === undefined || hook.accountId === accountId;
}

/** It came with the agency's authorization, or long before; what comes later connects itself. */
function isPartOfTheChoice({ locationId = '', at }: Installation, agency: Agency): boolean {
  const { approvedLocations, installedAt } = agency;
  const late = at.getTime() - installedAt.getTime();
  if (late < -MOST_AHEAD_MS) return true;
  return approvedLocations.length > 0 ? approvedLocations.includes(locationId) : late < SETTLING_MS;
}

/** What is no failure but an answer; undefined for what is worth another try. */
function outcomeOf(error: unknown, at: Date): InstallOutcome | undefined {
  if (error instanceof LocationAlreadyConnected) return { state: 'ignored', reason: 'location_taken' };
  if (error instanceof ReauthorizationRequired) return parked('agency_unauthorized');
  if (!(error instanceof AgencyRefused)) return undefined;
  if (error.reason === 'scope_missing') return parked('agency_unauthorized');
  if (error.reason === 'location_not_active') return parked('location_not_active');
  const mayLag = Date.now() - at.getTime() < MAY_LAG_MS;
  return mayLag ? undefined : { state: 'ignored', reason: 'not_installed' };
}
