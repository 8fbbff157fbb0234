import { Injectable, Logger } from '@nestjs/common';
import { AppConfig, GlobalConfigService } from '#libs/config';
import { WebhookVerifier } from '#libs/highlevel';
import { type DeliveryRules, rulesOf } from './delivery-rules.js';
import { IntakeOutage } from './intake-outage.js';
import { notStored } from './not-stored.js';

/** What decides about a delivery. */
export interface WebhookPolicy {
  readonly verifier: WebhookVerifier;
  readonly rules: DeliveryRules;
}

/** Looking the settings up takes promises, and thousands of deliveries a second would each wait for theirs. */
const POLICY_MS = 1_000;

/** The policy of now: the shared secret and our app may change while the service runs. */
@Injectable()
export class WebhookSettings {
  private readonly logger = new Logger(WebhookSettings.name);
  private current: { readonly policy: WebhookPolicy; readonly until: number } | undefined;

  constructor(
    private readonly config: AppConfig,
    private readonly globalConfig: GlobalConfigService,
    private readonly outage: IntakeOutage,
  ) {}

  /**
   * At once, where it is known.
   * @throws Throttled when the settings cannot be read: nothing could be stored either
   */
  policy(): WebhookPolicy | Promise<WebhookPolicy> {
    return this.current && this.current.until > Date.now() ? this.current.policy : this.look();
  }

  private async look(): Promise<WebhookPolicy> {
    const { webhookHmac, webhookPublicKeys, legacyWebhookPublicKeys } = this.config.ghl;
    const [secret, clientId] = await this.read();
    const policy = {
      verifier: new WebhookVerifier({
        ed25519PublicKeys: webhookPublicKeys,
        rsaPublicKeys: legacyWebhookPublicKeys,
        hmacSecrets: webhookHmac && secret !== undefined ? [secret] : [],
      }),
      rules: rulesOf(this.config, clientId),
    };
    this.current = { policy, until: Date.now() + POLICY_MS };
    return policy;
  }

  private async read(): Promise<(string | undefined)[]> {
    try {
      return await Promise.all([this.globalConfig.webhookSecret(), this.globalConfig.get('GHL_CLIENT_ID')]);
    } catch (error) {
      this.logger.error({
        msg: 'The settings cannot be read',
        reason: error instanceof Error ? error.message : '',
      });
      this.outage.refused();
      throw notStored();
    }
  }
}
