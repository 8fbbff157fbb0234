import { Module } from '@nestjs/common';
import { AuditModule } from '#libs/audit';
import { ConnectionsModule } from '#libs/integrations';
import { SsoController } from './sso.controller.js';
import { SsoSignOn } from './sso-sign-on.js';
import { UsedContexts } from './used-contexts.js';

/** From HighLevel's frame into DeskFlow, without another sign-in. */
@Module({
  imports: [AuditModule, ConnectionsModule],
  controllers: [SsoController],
  providers: [SsoSignOn, UsedContexts],
})
export class SsoModule {}
