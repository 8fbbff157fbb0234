import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { AuditModule } from '#libs/audit';
import { ConnectionsModule } from '#libs/integrations';
import { Administrators } from './administrators.js';
import { AuthorizationController } from './authorization.controller.js';
import { OAuthCallbackController } from './oauth-callback.controller.js';
import { OAuthCallback } from './oauth-callback.js';
import { OAuthStates } from './oauth-states.js';

/** From the button in DeskFlow to a stored connection. */
@Module({
  imports: [JwtModule.register({}), AuditModule, ConnectionsModule],
  controllers: [AuthorizationController, OAuthCallbackController],
  providers: [Administrators, OAuthCallback, OAuthStates],
})
export class OAuthModule {}
