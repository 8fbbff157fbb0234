import { type FactoryProvider, Module } from '@nestjs/common';
import { AppConfig } from '#libs/config';
import { OAuthApi } from '#libs/highlevel';
import { Agencies } from './agencies.js';
import { HighLevelClients } from './highlevel-clients.js';
import { HookTokens } from './hook-tokens.js';
import { Hooks } from './hooks.js';
import { IntegrationStatuses } from './integration-status.js';
import { LockedRefresh, OAUTH_TIMEOUT_MS } from './locked-refresh.js';
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
  providers: [
    tokenVaultProvider,
    oauthApiProvider,
    Agencies,
    HighLevelClients,
    HookTokens,
    Hooks,
    IntegrationStatuses,
    LockedRefresh,
    TokenRefreshService,
    TokenRenewal,
  ],
  exports: [
    Agencies,
    HighLevelClients,
    Hooks,
    IntegrationStatuses,
    OAuthApi,
    TokenRefreshService,
    TokenVault,
  ],
})
export class ConnectionsModule {}
