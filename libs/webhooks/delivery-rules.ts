import { type AppConfig } from '#libs/config';
import { appIdOf } from '#libs/highlevel';

/** What decides about a delivery whose signature is right. */
export interface DeliveryRules {
  /** Our app's id; undefined when no client id is configured. */
  readonly appId: string | undefined;
  /** How old a delivery without `webhookId` may be (milliseconds). */
  readonly replayWindowMs: number;
}

/** @param clientId the configured one, which may change while the service runs */
export function rulesOf({ webhooks }: AppConfig, clientId: string | undefined): DeliveryRules {
  return {
    appId: clientId === undefined ? undefined : appIdOf(clientId),
    replayWindowMs: webhooks.replayWindowMs,
  };
}
