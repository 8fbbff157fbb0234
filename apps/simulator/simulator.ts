import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { addAppCalls } from './app-calls.js';
import { addBodyParsers } from './body-parsers.js';
import { Collection } from './collection.js';
import { type ContactBook } from './contact-book.js';
import { addConsentRoutes } from './consent-routes.js';
import { type AppIdentity, type Context } from './context.js';
import { addControlRoutes } from './control-routes.js';
import { Faults } from './faults.js';
import { type Installations } from './installations.js';
import { Journal } from './journal.js';
import { type Json, type Location } from './model.js';
import { addPlayerPage } from './player-page.js';
import { RateLimiter } from './rate-limiter.js';
import { RequestLog } from './request-log.js';
import { LiveSettings, type Settings } from './settings.js';
import { SigningKeys } from './signing-keys.js';
import { issueTokens } from './token-answer.js';
import { webhookFeed } from './webhook-feed.js';
import { WebhookSender } from './webhook-sender.js';
import { World } from './world.js';

export const DEFAULT_CLIENT_ID = '6a10c0ffee5ca1ab1e000001-simulator';
export const DEFAULT_CLIENT_SECRET = 'simulator-client-secret';
export const DEFAULT_SHARED_SECRET = 'simulator-shared-secret';

/** Listens here and nowhere else: whoever reaches it may do anything. */
const HOST = '127.0.0.1';
/** Above the largest body HighLevel is said to send (HL 4.1: 256 KB). */
const BODY_LIMIT_BYTES = 1024 * 1024;

export interface SimulatorOptions {
  /** `<appId>-<suffix>`; webhooks carry the first half (HL 2.1). */
  clientId?: string;
  clientSecret?: string;
  /** What user contexts are encrypted with (HL 8.2). */
  sharedSecret?: string;
  /** Exact; any http or https URL of this machine when left out. */
  redirectUris?: readonly string[];
  /** Where events go. */
  webhookUrl?: string;
  /** The app's page in HighLevel's frame. */
  customPageUrl?: string;
  /** For the HMAC signature schemes; the client secret when left out. */
  webhookSecret?: string;
  /** The journal goes into `simulator/` below it. In memory only when left out. */
  dataDir?: string;
  /** Win over what an earlier run with the same directory was set to. */
  settings?: Partial<Settings>;
  /** Epoch milliseconds; for tests that must hold the time. */
  now?: () => number;
  /** 0 to 1; spreads retries. */
  random?: () => number;
}

/** A stand-in HighLevel over HTTP. Several run in one process without knowing of each other. */
export interface Simulator {
  /** `http://127.0.0.1:<port>`: API, token endpoint and consent page. @throws Error before `listen` */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly sharedSecret: string;
  readonly appId: string;
  /** The key that signs `X-GHL-Signature`, SPKI. */
  readonly publicKeyPem: string;
  readonly locations: readonly Location[];
  readonly contacts: ContactBook;
  readonly installations: Installations;
  readonly webhooks: WebhookSender;
  readonly faults: Faults;
  readonly requests: RequestLog;
  readonly settings: LiveSettings;
  readonly world: World;
  /** The key that signs `X-WH-Signature`, SPKI; made on first use, which takes a second. */
  rsaPublicKeyPem(): Promise<string>;
  /** Installs the app without the consent page. @returns the token endpoint's answer */
  install(installation: { locationId: string; scope: string }): Json;
  /** @param port 0: any free one @throws the system's error, EADDRINUSE for a port that is taken */
  listen(port?: number): Promise<void>;
  /** Ends open connections and what is on its way. Safe to call twice. */
  close(): Promise<void>;
}

/** @throws SettingsInvalid, JournalDamaged */
export async function createSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { now = Date.now, random = Math.random, dataDir } = options;
  const app = identityOf(options);
  const journal = new Journal(dataDir === undefined ? undefined : join(dataDir, 'simulator'));
  const settings = new LiveSettings(new Collection('settings', journal), {
    ...options.settings,
    ...(options.webhookUrl !== undefined && { webhookUrl: options.webhookUrl }),
    ...(options.customPageUrl !== undefined && { customPageUrl: options.customPageUrl }),
  });
  const keys = new SigningKeys(new Collection('keys', journal), options.webhookSecret ?? app.clientSecret);
  const faults = new Faults();
  const webhooks = new WebhookSender({
    settings: () => settings.get(),
    sign: (scheme, body) => keys.headers(scheme, body),
    faults,
    now,
    random,
  });
  const world: World = new World({
    journal,
    now,
    tokenLifetimeSeconds: () => settings.get().tokenLifetimeSeconds,
    events: webhookFeed({ appId: app.appId, now, world: () => world, send: (event) => webhooks.send(event) }),
  });
  const context: Context = {
    app,
    world,
    settings,
    faults,
    requests: new RequestLog(),
    webhooks,
    rateLimiter: new RateLimiter(() => settings.get().rateLimit, now),
    now,
  };
  const server = await createServer(context);

  return {
    get url() {
      const address = server.server.address() as AddressInfo | null;
      if (!address) throw new Error('The simulator has no address before it listens');
      return `http://${HOST}:${address.port}`;
    },
    clientId: app.clientId,
    clientSecret: app.clientSecret,
    sharedSecret: app.sharedSecret,
    appId: app.appId,
    publicKeyPem: keys.publicKeyPem,
    get locations() {
      return world.locations.values();
    },
    contacts: world.contacts,
    installations: world.installations,
    webhooks,
    faults,
    requests: context.requests,
    settings,
    world,
    rsaPublicKeyPem: () => keys.rsaPublicKeyPem(),
    install: (wanted) => install(context, wanted),
    listen: async (port = 0) => {
      await server.listen({ port, host: HOST });
    },
    close: async () => {
      webhooks.close();
      await server.close();
    },
  };
}

async function createServer(context: Context): Promise<FastifyInstance> {
  const server = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true },
  });
  addBodyParsers(server);
  // Each part in a scope of its own: error handlers and hooks of one do not reach the others.
  const parts = [addAppCalls, addConsentRoutes, addPlayerPage].map((add) => ({ add, prefix: '' }));
  for (const { add, prefix } of [...parts, { add: addControlRoutes, prefix: '/_sim' }]) {
    await server.register(
      (scope, _options, done) => {
        add(scope, context);
        done();
      },
      { prefix },
    );
  }
  return server;
}

function identityOf({
  clientId = DEFAULT_CLIENT_ID,
  clientSecret = DEFAULT_CLIENT_SECRET,
  sharedSecret = DEFAULT_SHARED_SECRET,
  redirectUris = [],
}: SimulatorOptions): AppIdentity {
  const [appId = clientId] = clientId.split('-', 1);
  return { clientId, clientSecret, sharedSecret, appId, redirectUris };
}

function install(context: Context, { locationId, scope }: { locationId: string; scope: string }): Json {
  const location = context.world.locations.get(locationId);
  if (!location) throw new Error(`There is no location ${locationId}`);
  const { companyId } = location;
  const admin = context.world.users.values().find(({ locationIds }) => locationIds.includes(locationId));
  const { userId } = context.world.installations.install({
    companyId,
    locationId,
    scope,
    userId: admin?.id ?? '',
  });
  return issueTokens(context, { userType: 'Location', companyId, locationId, scope, userId });
}
