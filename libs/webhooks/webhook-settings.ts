import { Injectable, Logger } from '@nestjs/common';
import { AppConfig, GlobalConfigService } from '#libs/config';
import { appIdOf, WebhookVerifier } from '#libs/highlevel';
import { notStored } from './not-stored.js';

/** What decides about a delivery and may change while the service runs: the shared secret and our app's id. */
@Injectable()
export class WebhookSettings {
  private readonly logger = new Logger(WebhookSettings.name);
  private cached: { readonly secret: string | undefined; readonly verifier: WebhookVerifier } | undefined;

  constructor(
    private readonly config: AppConfig,
    private readonly globalConfig: GlobalConfigService,
  ) {}

  /** @throws Throttled when the settings cannot be read: nothing could be stored either */
  async verifier(): Promise<WebhookVerifier> {
    const { webhookHmac, webhookPublicKeys, legacyWebhookPublicKeys } = this.config.ghl;
    const secret = webhookHmac ? await this.read(() => this.globalConfig.webhookSecret()) : undefined;
    if (!this.cached || this.cached.secret !== secret) {
      const verifier = new WebhookVerifier({
        ed25519PublicKeys: webhookPublicKeys,
        rsaPublicKeys: legacyWebhookPublicKeys,
        hmacSecrets: secret === undefined ? [] : [secret],
      });
      this.cached = { secret, verifier };
    }
    return this.cached.verifier;
  }

  /** Undefined when no client id is configured. @throws Throttled as `verifier` does */
  async appId(): Promise<string | undefined> {
    const clientId = await this.read(() => this.globalConfig.get('GHL_CLIENT_ID'));
    return clientId === undefined ? undefined : appIdOf(clientId);
  }

  private async read(setting: () => Promise<string | undefined>): Promise<string | undefined> {
    try {
      return await setting();
    } catch (error) {
      this.logger.error({
        msg: 'The settings cannot be read',
        reason: error instanceof Error ? error.message : '',
      });
      throw notStored();
    }
  }
}
