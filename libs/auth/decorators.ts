import { applyDecorators, createParamDecorator, type ExecutionContext, UseGuards } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { type FastifyRequest } from 'fastify';
import { type ErrorCode } from '#libs/errors';
import { ApiCredentials, ApiErrors } from '#libs/http';
import { type CallingAccount, type CallingUser } from './caller.js';
import { AccountGuard, AdminGuard, AuthGuard, SuperAdminGuard } from './guards.js';

const CREDENTIALS_REFUSED = ['invalid_access_token', 'bot_not_authorized', 'unauthenticated'] as const;
const ACCOUNT_REFUSED = [...CREDENTIALS_REFUSED, 'account_suspended', 'not_a_member', 'not_found'] as const;

/**
 * For administrators of the account in the path (`:account_id`). Guards and documents a controller or a route.
 * @param errors what the route answers besides. OpenAPI knows one answer a status, so all of a status are named here.
 */
export function AdminOnly(...errors: readonly ErrorCode[]): ClassDecorator & MethodDecorator {
  return guarded(AdminGuard, [...ACCOUNT_REFUSED, 'not_authorized', ...errors], accountParameter());
}

/** For every member of the account in the path (`:account_id`). */
export function MembersOnly(...errors: readonly ErrorCode[]): ClassDecorator & MethodDecorator {
  return guarded(AccountGuard, [...ACCOUNT_REFUSED, ...errors], accountParameter());
}

/** For everybody who is signed in; the path names no account. */
export function SignedInOnly(...errors: readonly ErrorCode[]): ClassDecorator & MethodDecorator {
  return guarded(AuthGuard, [...CREDENTIALS_REFUSED, ...errors]);
}

/** For those who run the whole installation. */
export function SuperAdminsOnly(...errors: readonly ErrorCode[]): ClassDecorator & MethodDecorator {
  return guarded(SuperAdminGuard, [...CREDENTIALS_REFUSED, 'not_authorized', ...errors]);
}

/** The user who calls: `@CurrentUser() user: CallingUser`. */
export const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext): CallingUser => {
  const { caller } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!caller) throw new Error('@CurrentUser() needs a guard of #libs/auth on the route');
  return caller;
});

/** The account of the path with the caller's role in it: `@CurrentAccount() account: CallingAccount`. */
export const CurrentAccount = createParamDecorator(
  (_: unknown, context: ExecutionContext): CallingAccount => {
    const { account } = context.switchToHttp().getRequest<FastifyRequest>();
    if (!account) throw new Error('@CurrentAccount() needs @AdminOnly() or @MembersOnly() on the route');
    return account;
  },
);

type Guard = Parameters<typeof UseGuards>[0];

function guarded(
  guard: Guard,
  errors: readonly ErrorCode[],
  ...documentation: (ClassDecorator & MethodDecorator)[]
): ClassDecorator & MethodDecorator {
  return applyDecorators(UseGuards(guard), ApiCredentials(), ApiErrors(...errors), ...documentation);
}

function accountParameter(): ClassDecorator & MethodDecorator {
  return ApiParam({
    name: 'account_id',
    description: 'Id of the DeskFlow account',
    schema: { type: 'integer', minimum: 1, example: 1 },
  });
}
