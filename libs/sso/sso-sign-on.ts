import { Injectable } from '@nestjs/common';
import { type AuditEntry, AuditLog } from '#libs/audit';
import {
  Accounts,
  AttemptWindow,
  type CallingAccount,
  Confinements,
  entered,
  networkOf,
  type Session,
  Sessions,
  Users,
} from '#libs/auth';
import { GlobalConfigService } from '#libs/config';
import { HookStatus } from '#libs/database';
import { DomainError, Throttled } from '#libs/errors';
import { HighLevelError, type HighLevelErrorKind, openUserContext, type UserContext } from '#libs/highlevel';
import { HighLevelClients, type Hook, Hooks, readHookSettings } from '#libs/integrations';
import { SsoNotConfigured, SsoRefused } from './sso-errors.js';
import { UsedContexts } from './used-contexts.js';

/** As failed sign-ins of an address (DM 3), with room for an office in which somebody has not been invited yet. */
const REFUSALS_PER_NETWORK = 30;
const WINDOW_MS = 5 * 60_000;

/** How HighLevel says that it has no such user, or none that this location may see: a 400 mostly. */
const UNKNOWN_USER: ReadonlySet<HighLevelErrorKind> = new Set(['not_found', 'invalid', 'forbidden']);

/** Somebody who has signed on, with the only account that the session opens. */
export interface SignedOn {
  readonly session: Session;
  readonly user: { readonly id: number; readonly name: string; readonly email: string };
  readonly account: CallingAccount;
  readonly locationId: string;
}

/**
 * HighLevel's word for who looks at the page in its frame → a session in DeskFlow (HL 8.4). The word is encrypted, not
 * authenticated, and bears no date: nothing but ids is taken from it, each is used once, and HighLevel's API is asked
 * whether they are true.
 */
@Injectable()
export class SsoSignOn {
  private readonly refusals = new AttemptWindow(REFUSALS_PER_NETWORK, WINDOW_MS);

  constructor(
    private readonly globalConfig: GlobalConfigService,
    private readonly hooks: Hooks,
    private readonly clients: HighLevelClients,
    private readonly contexts: UsedContexts,
    private readonly confinements: Confinements,
    private readonly users: Users,
    private readonly accounts: Accounts,
    private readonly sessions: Sessions,
    private readonly audit: AuditLog,
  ) {}

  /**
   * @param payload what HighLevel answered the page, base64
   * @throws SsoRefused, SsoNotConfigured, Throttled
   * @throws NotAMember, AccountSuspended
   * @throws HighLevelError and the errors of a connection whose token is not to be had
   */
  async signOn(payload: string, ip: string): Promise<SignedOn> {
    const network = networkOf(ip);
    const wait = this.refusals.wait(network, Date.now());
    if (wait > 0) throw new Throttled(wait);
    try {
      return await this.open(payload);
    } catch (error) {
      if (error instanceof SsoRefused) this.refusals.add(network, Date.now());
      throw error;
    }
  }

  private async open(payload: string): Promise<SignedOn> {
    const secrets = await this.globalConfig.sharedSecrets();
    if (secrets.length === 0) throw new SsoNotConfigured();
    const opened = openUserContext(payload, secrets);
    if (!opened) throw new SsoRefused('context_invalid');
    const { context, salt } = opened;
    const hook = await this.hookOf(context);
    return this.audited(hook, context, async () => {
      await this.contexts.use(salt, hook.accountId);
      return this.enter(hook, context);
    });
  }

  /** The connection of the location that is looked at; its company must be the right one, too. */
  private async hookOf({ activeLocation, companyId }: UserContext): Promise<Hook> {
    if (activeLocation === undefined) throw new SsoRefused('no_location');
    const hook = await this.hooks.findByLocation(activeLocation);
    const known = readHookSettings(hook?.settings).company_id ?? companyId;
    if (hook?.status !== HookStatus.enabled || known !== companyId)
      throw new SsoRefused('location_not_connected');
    return hook;
  }

  private async enter(hook: Hook, context: UserContext): Promise<SignedOn> {
    const locationId = hook.referenceId ?? '';
    const confinement = await this.confinements.of(hook.accountId, locationId);
    if (!confinement) throw new SsoRefused('off');
    await this.confirm(hook, locationId, context);
    const user = await this.users.findByEmail(context.email);
    if (!user?.confirmed) throw new SsoRefused('no_agent');
    const found = await this.accounts.find(hook.accountId, user.id);
    if (!found.isSuspended && !found.role) throw new SsoRefused('no_agent');
    const account = entered(found, confinement);
    const session = await this.sessions.issueConfined(user.id, confinement);
    return { session, user: { id: user.id, name: user.name, email: user.email }, account, locationId };
  }

  /** Users of an agency act in locations that do not list them (HL 7.1). The location's token sees its company only. */
  private async confirm(hook: Hook, locationId: string, { userId, email }: UserContext): Promise<void> {
    const user = await this.clients
      .forHook(hook)
      .users.get(userId)
      .catch((error: unknown) => {
        if (error instanceof HighLevelError && UNKNOWN_USER.has(error.kind)) return undefined;
        throw error;
      });
    const isHere = user?.type === 'agency' || user?.locationIds?.includes(locationId) === true;
    const isTheSame = user?.id === userId && user.email?.toLowerCase() === email.toLowerCase();
    if (!isHere || !isTheSame || user.deleted === true) throw new SsoRefused('user_not_confirmed');
  }

  /** Who came in, and who could not although HighLevel sent them. */
  private async audited(
    { accountId, id: hookId, referenceId: locationId }: Hook,
    { userId }: UserContext,
    enter: () => Promise<SignedOn>,
  ): Promise<SignedOn> {
    const common = { accountId, hookId, locationId, action: 'sso.sign_on' } as const;
    const record = (entry: Pick<AuditEntry, 'actor' | 'outcome' | 'details'>): Promise<void> =>
      this.audit.record({ ...common, ...entry });
    try {
      const signedOn = await enter();
      const details = { highlevel_user_id: userId, role: signedOn.account.role };
      await record({ actor: { kind: 'user', userId: signedOn.user.id }, outcome: 'success', details });
      return signedOn;
    } catch (error) {
      if (error instanceof DomainError) {
        const reason = error instanceof SsoRefused ? error.reason : error.code;
        const details = { highlevel_user_id: userId, reason };
        await record({ actor: { kind: 'highlevel' }, outcome: 'failure', details });
      }
      throw error;
    }
  }
}
