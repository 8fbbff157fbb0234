import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { loadConfig } from '#libs/config';
import { configureApp, createFastifyAdapter } from '#libs/http';
import { type Served, serveConsole } from './serve-console.js';

@Module({})
class NothingModule {}

let build: string;
const apps: NestFastifyApplication[] = [];

beforeAll(async () => {
  Logger.overrideLogger(false);
  build = await mkdtemp(join(tmpdir(), 'console-'));
  await mkdir(join(build, 'assets'));
  await writeFile(join(build, 'index.html'), '<!doctype html><html lang="en"><title>The console</title>');
  await writeFile(join(build, 'sso.html'), '<!doctype html><html lang="en"><title>In a frame</title>');
  await writeFile(join(build, 'assets', 'index-1a2b.js'), 'export {};');
});
afterAll(async () => {
  for (const app of apps) await app.close();
  await rm(build, { recursive: true });
});

async function served(
  env: Record<string, string>,
  from = build,
): Promise<{ served: Served; app: NestFastifyApplication }> {
  const config = loadConfig({ NODE_ENV: 'test', ...env });
  const app = await NestFactory.create<NestFastifyApplication>(NothingModule, createFastifyAdapter(config));
  apps.push(app);
  configureApp(app, config, { docs: false });
  const pages = serveConsole(app, config, from);
  await app.init();
  return { served: pages, app };
}

it.each([
  '/app',
  '/app/',
  '/app/accounts/1/settings/integrations/gohighlevel',
  '/app/accounts/1/settings/integrations/crm/import?x=1',
  '/app/settings/integrations/crm?error=invalid_state',
])('%s is the page, which nothing may frame and which loads files of this server only', async (path) => {
  const { app } = await served({});
  const { statusCode, headers, body } = await app.inject(path);
  expect([statusCode, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(body).toContain('The console');
  const policy = String(headers['content-security-policy']);
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toMatch(/unsafe/);
  expect(headers['x-frame-options']).toBe('DENY');
  expect(headers['referrer-policy']).toBe('no-referrer');
  expect(headers['cache-control']).toBe('no-cache');
});

it('says that it goes by its neutral name where the installation is white-labelled', async () => {
  const named = await served({});
  expect((await named.app.inject('/app')).body).toContain('<html lang="en">');
  const neutral = await served({ GHL_REDIRECT_PATH: '/crm/callback' });
  expect((await neutral.app.inject('/app')).body).toContain('<html data-provider="crm" lang="en">');
});

describe('the page for HighLevel’s frame', () => {
  const policyOf = async (
    env: Record<string, string>,
    path = '/ghl/sso',
  ): Promise<{ policy: string; frame: unknown; body: string }> => {
    const { app } = await served(env);
    const { statusCode, headers, body } = await app.inject(path);
    expect([statusCode, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    return { policy: String(headers['content-security-policy']), frame: headers['x-frame-options'], body };
  };

  it('may be framed by HighLevel’s pages and nobody else’s', async () => {
    const { policy, frame, body } = await policyOf({});
    expect(policy).toMatch(
      /; frame-ancestors https:\/\/app\.gohighlevel\.com https:\/\/app\.leadconnectorhq\.com$/,
    );
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toMatch(/unsafe/);
    expect(frame).toBeUndefined();
    expect(body).toContain('In a frame');
    expect(body).not.toContain('data-provider');
  });

  it('may be framed by white-label hosts that were configured', async () => {
    const origins = 'https://crm.agency.example, https://*.agency.example:8443';
    const { policy } = await policyOf({ GHL_FRAME_ANCESTORS: origins });
    expect(policy).toMatch(
      /leadconnectorhq\.com https:\/\/crm\.agency\.example https:\/\/\*\.agency\.example:8443$/,
    );
  });

  it('goes by its neutral name under the neutral address, and where the installation is white-labelled', async () => {
    expect((await policyOf({}, '/crm/sso')).body).toContain('data-provider="crm"');
    expect((await policyOf({ GHL_REDIRECT_PATH: '/crm/callback' })).body).toContain('data-provider="crm"');
  });
});

it('its files are kept for ever, as their names change with their content', async () => {
  const { app } = await served({});
  const { statusCode, headers } = await app.inject('/app/assets/index-1a2b.js');
  expect([statusCode, headers['content-type']]).toEqual([200, 'application/javascript; charset=utf-8']);
  expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
});

it.each(['/app/assets/nothing.js', '/app/assets/..%2findex.html'])('%s is not there', async (path) => {
  const { app } = await served({});
  const { statusCode, headers } = await app.inject(path);
  expect([statusCode, headers['content-type']]).toEqual([404, 'application/json; charset=utf-8']);
});

it('the bare address leads there', async () => {
  const { app } = await served({});
  const { statusCode, headers } = await app.inject('/');
  expect([statusCode, headers.location]).toEqual([302, '/app']);
});

it("leaves /app to DeskFlow's own frontend where there is one", async () => {
  const { served: pages, app } = await served({
    FRONTEND_URL: 'https://desk.example.com',
    PUBLIC_URL: 'https://ghl.example.com',
  });
  expect([pages, (await app.inject('/app')).statusCode]).toEqual([{ console: false, sso: true }, 404]);
  expect((await app.inject('/ghl/sso')).body).toContain('data-frontend="https://desk.example.com"');
  expect((await app.inject('/app/assets/index-1a2b.js')).statusCode).toBe(200);
});

it('serves nothing where nothing was built', async () => {
  const { served: pages, app } = await served({}, join(build, 'assets'));
  expect([pages, (await app.inject('/app')).statusCode]).toEqual([{ console: false, sso: false }, 404]);
  expect((await app.inject('/ghl/sso')).statusCode).toBe(404);
});
