import { type Faults } from './faults.js';
import { type RateLimiter } from './rate-limiter.js';
import { type RequestLog } from './request-log.js';
import { type LiveSettings } from './settings.js';
import { type WebhookSender } from './webhook-sender.js';
import { type World } from './world.js';

/** The one app that knows this HighLevel. */
export interface AppIdentity {
  clientId: string;
  clientSecret: string;
  /** What user contexts are encrypted with (HL 8.2). */
  sharedSecret: string;
  /** The client id before its hyphen (HL 2.1). */
  appId: string;
  /** Exact; empty: any http or https URL of this machine. */
  redirectUris: readonly string[];
}

/** What the routes of one simulator work with; there is nothing global. */
export interface Context {
  app: AppIdentity;
  world: World;
  settings: LiveSettings;
  faults: Faults;
  requests: RequestLog;
  webhooks: WebhookSender;
  rateLimiter: RateLimiter;
  /** Epoch milliseconds. */
  now(): number;
}
