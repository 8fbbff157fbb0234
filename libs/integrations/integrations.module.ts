import { Module } from '@nestjs/common';
import { AgencyLocationsController } from './agency-locations.controller.js';
import { AppRegistryController } from './app-registry.controller.js';
import { AppRegistry } from './app-registry.js';
import { ConnectionsModule } from './connections.module.js';
import { IntegrationsController } from './integrations.controller.js';

/** What an account sees of its connections over HTTP. Other modules import ConnectionsModule, which has no routes. */
@Module({
  imports: [ConnectionsModule],
  controllers: [IntegrationsController, AgencyLocationsController, AppRegistryController],
  providers: [AppRegistry],
})
export class IntegrationsModule {}
