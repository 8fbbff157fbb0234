export { Accounts, entered } from './accounts.js';
export { AttemptWindow } from './attempt-window.js';
export { AuthModule } from './auth.module.js';
export {
  AccountSuspended,
  BotNotAuthorized,
  InvalidAccessToken,
  InvalidCredentials,
  NotAMember,
  OtpRequired,
} from './auth-errors.js';
export { type CallingAccount, type CallingUser, type Role } from './caller.js';
export { Confinements } from './confinements.js';
export {
  AdminOnly,
  CurrentAccount,
  CurrentUser,
  MembersOnly,
  SignedInOnly,
  SuperAdminsOnly,
} from './decorators.js';
export { AccountGuard, AdminGuard, AuthGuard, SuperAdminGuard } from './guards.js';
export { networkOf } from './network.js';
export { sameSecret } from './same-secret.js';
export { type Session, Sessions } from './sessions.js';
export { Users } from './users.js';
