import { createSimulator, type Simulator } from '#apps/simulator/simulator.js';
import { freePort } from '#apps/standalone/free-port.js';
import { MainJob } from '#apps/standalone/main-job.js';
import { seedDemo } from '#libs/database';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { ServiceProcess } from '../harness/service-process.js';
import { redisIsInstalled, RedisServer } from '../queue/redis-server.js';

const ADMIN = { email: 'admin@example.com', password: 'Password1!' };

const suite = redisIsInstalled() ? describe : describe.skip;

suite('api and worker as processes of their own, with Redis between them', () => {
  const database = useDatabase();
  let redis: RedisServer;
  let simulator: Simulator;
  let api: ServiceProcess;
  const workers: ServiceProcess[] = [];

  beforeAll(async () => {
    const apiPort = await freePort();
    redis = await RedisServer.start();
    simulator = await createSimulator({ webhookUrl: `http://127.0.0.1:${apiPort}/webhooks/ghl` });
    await simulator.listen();
    await seedDemo(database.source, { adminEmail: ADMIN.email, adminPassword: ADMIN.password });
    const env = {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      FRONTEND_URL: `http://127.0.0.1:${apiPort}`,
      PUBLIC_URL: `http://127.0.0.1:${apiPort}`,
      GHL_API_URL: simulator.url,
      GHL_MARKETPLACE_URL: simulator.url,
      GHL_WEBHOOK_PUBLIC_KEYS: simulator.publicKeyPem,
      GHL_CLIENT_ID: simulator.clientId,
      GHL_CLIENT_SECRET: simulator.clientSecret,
      ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY: 'deskflow-test-primary-key-000001',
      ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY: 'deskflow-test-determin-key-00001',
      ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT: 'deskflow-test-derivation-salt-01',
      SESSION_SECRET: 'a-session-secret-of-at-least-32-characters',
    };
    api = await ServiceProcess.start('api/main.js', { ...env, PORT: String(apiPort) });
    for (const port of [await freePort(), await freePort()])
      workers.push(await ServiceProcess.start('worker/main.js', { ...env, PORT: String(port) }));
  });

  afterAll(async () => {
    await Promise.all([api, ...workers].map((process) => process.stop()));
    await simulator.close();
    await redis.stop();
  });

  it('play the main job', async () => {
    const job = new MainJob({ apiUrl: api.url, simulatorUrl: simulator.url, admin: ADMIN }, () => undefined);
    expect(await job.play()).toBeGreaterThanOrEqual(12);
  });

  it('show the documentation to signed-in administrators only', async () => {
    expect((await fetch(`${api.url}/docs`)).status).toBe(401);
    expect((await fetch(`${api.url}/docs-json`)).status).toBe(401);
  });

  it('let the worker answer for its health, and for nothing else', async () => {
    expect((await fetch(`${workers[0]!.url}/health`)).status).toBe(200);
    expect((await fetch(`${workers[0]!.url}/auth/sign_in`, { method: 'POST' })).status).toBe(404);
  });

  it('log JSON lines, each request with its id', async () => {
    await fetch(`${api.url}/nowhere`, { headers: { 'x-request-id': 'request-of-this-test' } });
    await eventually(() => {
      expect(api.output).toContain('request-of-this-test');
      return Promise.resolve();
    });
    const lines = linesOf(api.output);
    expect(lines).toContainEqual(expect.objectContaining({ requestId: 'request-of-this-test' }));
    expect(lines.filter(({ time, msg }) => typeof time !== 'string' || typeof msg !== 'string')).toEqual([]);
  });

  it('end in order when they are told to', async () => {
    const ended = await Promise.all([api, ...workers].map((process) => process.stop()));
    expect(ended).toEqual([true, true, true]);
  });
});

function linesOf(output: string): Record<string, unknown>[] {
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
