import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { freePort } from '#apps/standalone/free-port.js';
import { ChildServer } from './child-server.js';

const API = join(import.meta.dirname, '..', '..', 'apps', 'api', 'main.js');
const SECRET_BYTES = 32;

/** What a deployment sets, as little as it must. */
export function serviceEnvironment(databaseUrl: string, webhookSecret: string): Record<string, string> {
  return {
    NODE_ENV: 'production',
    FRONTEND_URL: 'http://127.0.0.1',
    DATABASE_URL: databaseUrl,
    SESSION_SECRET: randomBytes(SECRET_BYTES).toString('base64url'),
    GHL_CLIENT_ID: '6a10c0ffee5ca1ab1e000001-bench',
    GHL_CLIENT_SECRET: 'of-the-bench',
    GHL_WEBHOOK_SECRET: webhookSecret,
  };
}

/**
 * The api process as deployed. With a Redis it only takes deliveries in, as in a deployment, where workers are other
 * processes; without one it applies them as well.
 */
export async function startService(
  databaseUrl: string,
  webhookSecret: string,
  redisUrl?: string,
): Promise<{ server: ChildServer; url: string }> {
  const env = {
    ...serviceEnvironment(databaseUrl, webhookSecret),
    PORT: String(await freePort()),
    ...(redisUrl !== undefined && { REDIS_URL: redisUrl }),
  };
  const server = await ChildServer.start(API, env, '/health/ready');
  return { server, url: `${server.url}/webhooks/ghl` };
}
