import { Global, Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { DocsAccess } from '#libs/http';
import { Accounts } from './accounts.js';
import { AdministratorDocsAccess } from './administrator-docs-access.js';
import { Confinements } from './confinements.js';
import { Credentials } from './credentials.js';
import { DeviseTokens } from './devise-tokens.js';
import { DocsSessionController } from './docs-session.controller.js';
import { AccountGuard, AdminGuard, AuthGuard, SuperAdminGuard } from './guards.js';
import { InstallationConfigsController } from './installation-configs.controller.js';
import { PasswordCheck } from './password-check.js';
import { Profiles } from './profiles.js';
import { Sessions } from './sessions.js';
import { SignInLimiter } from './sign-in-limiter.js';
import { SignInController } from './sign-in.controller.js';
import { SignIn } from './sign-in.service.js';
import { Users } from './users.js';

/** Who is calling, and may they. Global, so that `@AdminOnly()` works in every module without importing this one. */
@Global()
@Module({
  imports: [JwtModule.register({})],
  controllers: [SignInController, DocsSessionController, InstallationConfigsController],
  providers: [
    Users,
    Accounts,
    Confinements,
    Credentials,
    DeviseTokens,
    Sessions,
    SignIn,
    SignInLimiter,
    PasswordCheck,
    Profiles,
    AuthGuard,
    AccountGuard,
    AdminGuard,
    SuperAdminGuard,
    { provide: DocsAccess, useClass: AdministratorDocsAccess },
  ],
  exports: [
    Accounts,
    Confinements,
    Credentials,
    Sessions,
    Users,
    AuthGuard,
    AccountGuard,
    AdminGuard,
    SuperAdminGuard,
  ],
})
export class AuthModule {}
