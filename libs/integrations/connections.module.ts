import { type FactoryProvider, Module } from '@nestjs/common';
import { AuditModule } from '#libs/audit';
import { AppConfig } from '#libs/config';
import { OAuthApi } from '#libs/highlevel';
import { Agencies } from './agencies.js';
import { AgencyInstalls } from './agency-installs.js';
import { AgencyLocations } from './agency-locations.js';
import { AgencyTokens } from './agency-tokens.js';
import { HighLevelClients } from './highlevel-clients.js';
import { HookTokens } from './hook-tokens.js';
import { Hooks } from './hooks.js';
import { IntegrationStatuses } from './integration-status.js';
import { LocationMint } from './location-mint.js';
import { LocationProfiles } from './location-profiles.js';
import { LocationRenewal } from './location-renewal.js';
import { LockedRefresh, OAUTH_TIMEOUT_MS } from './locked-refresh.js';
import { ReauthorizationFlags } from './reauthorization-flags.js';
import { TokenRefreshService } from './token-refresh.service.js';
import { TokenRenewal } from './token-renewal.js';
import { TokenVault } from './token-vault.js';
import { tokenVaultProvider } from './token-vault.provider.js';

const oauthApiProvider: FactoryProvider<OAuthApi> = {
  provide: OAuthApi,
  inject: [AppConfig],
  useFactory: ({ ghl }: AppConfig) => new OAuthApi({ baseUrl: ghl.apiUrl, timeoutMs: OAUTH_TIMEOUT_MS }),
};

/** Hooks, their tokens and the clients that use them, without HTTP: for every process. */
@Module({
  imports: [AuditModule],
  providers: [
    tokenVaultProvider,
    oauthApiProvider,
    Agencies,
    AgencyInstalls,
    AgencyLocations,
    AgencyTokens,
    HighLevelClients,
    HookTokens,
    Hooks,
    IntegrationStatuses,
    LocationMint,
    LocationProfiles,
    LocationRenewal,
    LockedRefresh,
    ReauthorizationFlags,
    TokenRefreshService,
    TokenRenewal,
  ],
  exports: [
    Agencies,
    AgencyInstalls,
    AgencyLocations,
    HighLevelClients,
    Hooks,
    IntegrationStatuses,
    LocationProfiles,
    OAuthApi,
    ReauthorizationFlags,
    TokenRefreshService,
    TokenVault,
  ],
})
export class ConnectionsModule {}
