import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { NotAuthorized } from '#libs/errors';
import { parsePathId } from '#libs/http';
import { type Language, spokenLike } from '#libs/i18n';
import { addLogContext } from '#libs/logging';
import { Accounts, entered } from './accounts.js';
import { type CallingAccount, type CallingUser } from './caller.js';
import { Credentials } from './credentials.js';

type Request = FastifyRequest<{ Params: { account_id?: string } }>;

/** DM 3: the user's language, else the account's, else the installation's, in which the request begins. */
function answerIn(request: Request, ofUser: Language | undefined, ofAccount?: Language): void {
  const chosen = ofUser ?? ofAccount;
  if (chosen) request.locale = spokenLike(request.locale, chosen);
}

/** Who is calling? Sets `request.caller`. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(private readonly credentials: Credentials) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    await this.identify(context.switchToHttp().getRequest<Request>());
    return true;
  }

  async identify(request: Request): Promise<CallingUser> {
    const user = await this.credentials.authenticate(request.headers);
    const { id, name, email, isSuperAdmin, locale, confinement } = user;
    request.caller = { id, name, email, isSuperAdmin, locale, confinement };
    answerIn(request, locale);
    addLogContext({ userId: id });
    return request.caller;
  }
}

/** May the caller act in the account that `:account_id` names? Sets `request.caller` and `request.account`. */
@Injectable()
export class AccountGuard implements CanActivate {
  constructor(
    private readonly auth: AuthGuard,
    private readonly accounts: Accounts,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    await this.enter(context.switchToHttp().getRequest<Request>());
    return true;
  }

  async enter(request: Request): Promise<CallingAccount> {
    const caller = await this.auth.identify(request);
    const found = await this.accounts.find(parsePathId(request.params.account_id), caller.id);
    answerIn(request, caller.locale, found.locale);
    request.account = entered(found, caller.confinement);
    addLogContext({ accountId: request.account.id });
    return request.account;
  }
}

/** Is the caller an administrator of the account that `:account_id` names? */
@Injectable()
export class AdminGuard implements CanActivate {
  constructor(private readonly account: AccountGuard) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { role } = await this.account.enter(context.switchToHttp().getRequest<Request>());
    if (role !== 'administrator') throw new NotAuthorized();
    return true;
  }
}

/** Does the caller run the whole installation? */
@Injectable()
export class SuperAdminGuard implements CanActivate {
  constructor(private readonly auth: AuthGuard) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const caller = await this.auth.identify(context.switchToHttp().getRequest<Request>());
    if (!caller.isSuperAdmin) throw new NotAuthorized();
    return true;
  }
}
