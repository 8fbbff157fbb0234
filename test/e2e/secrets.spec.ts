import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MainJob } from '#apps/standalone/main-job.js';
import { TokenVault } from '#libs/integrations';
import { connect } from '../harness/connect.js';
import { useDatabase } from '../harness/database.js';
import { type OpenApi, routesOf } from '../harness/open-api.js';
import { signIn } from '../harness/sign-in.js';
import { SystemProcess } from '../harness/system-process.js';

/** Drives everything with the most talkative log there is, then looks for every secret that was in play. */
describe('secrets', () => {
  const database = useDatabase();
  let system: SystemProcess;
  const secrets = new Map<string, string>();
  const answers: string[] = [];

  beforeAll(async () => {
    system = await SystemProcess.prepare({ DATABASE_URL: database.url, LOG_LEVEL: 'trace' });
    await system.start();
    const session = await signIn(system.apiUrl);
    const { callbackUrl } = await connect(system.apiUrl, session);
    remember('code', new URL(callbackUrl).searchParams.get('code'));
    remember('state', new URL(callbackUrl).searchParams.get('state'));
    remember('api token', session.access_token);
    await rememberTokens('first');

    // A used code and state, and a broken one: failures log the most.
    for (const url of [
      callbackUrl,
      `${callbackUrl}broken`,
      `${system.apiUrl}/ghl/callback?code=c0ffee-leak&state=st8-leak`,
    ])
      answers.push(await (await fetch(url)).text());
    remember('refused code', 'c0ffee-leak');
    remember('refused state', 'st8-leak');

    const headers = { api_access_token: session.access_token };
    const refreshed = await fetch(
      `${system.apiUrl}/api/v1/accounts/${session.account_id}/integrations/ghl/refresh`,
      { method: 'POST', headers },
    );
    answers.push(await refreshed.text());
    await rememberTokens('refreshed');

    const document = (await (await fetch(`${system.apiUrl}/docs-json`)).json()) as OpenApi;
    for (const route of routesOf(document).filter(
      ({ method, path }) => method === 'get' && !path.includes('docs'),
    ))
      answers.push(await (await fetch(system.apiUrl + route.url(session.account_id), { headers })).text());

    const admin = { email: 'admin@example.com', password: 'Password1!' };
    remember('password', admin.password);
    await new MainJob(
      { apiUrl: system.apiUrl, simulatorUrl: system.simulatorUrl, admin },
      () => undefined,
    ).play();
    for (const [name, value] of Object.entries(await generatedSecrets())) remember(name, value);
    await system.kill('SIGTERM');
  });

  afterAll(() => system.dispose());

  it('were really in play, and the log really talks', () => {
    expect(secrets.size).toBeGreaterThanOrEqual(13);
    expect([...secrets.values()].every((secret) => secret.length >= 8)).toBe(true);
    expect(system.output.length).toBeGreaterThan(5_000);
    expect(answers.length).toBeGreaterThan(8);
  });

  it('are in no log line', () => {
    const log = system.output.replace(/Demo administrator.*/, ''); // the block that tells the demo password
    expect(leaked(log)).toEqual([]);
  });

  it('are in no answer', () => {
    expect(leaked(answers.join('\n'))).toEqual([]);
  });

  it('are not in the database in clear', async () => {
    const rows = await database.query(`select access_token, settings::text from integrations_hooks`);
    const agencies = await database.query('select * from ghl.agencies');
    expect(leaked(JSON.stringify([rows, agencies]))).toEqual([]);
  });

  function remember(name: string, secret: string | null | undefined): void {
    if (!secret) throw new Error(`${name} is not known`);
    secrets.set(name, secret);
  }

  function leaked(text: string): string[] {
    return [...secrets]
      .filter(([, secret]) => text.includes(secret) || text.includes(encodeURIComponent(secret)))
      .map(([name]) => name);
  }

  async function generatedSecrets(): Promise<Record<string, string>> {
    return JSON.parse(await readFile(join(system.dataDir, 'secrets.json'), 'utf8')) as Record<string, string>;
  }

  /** What is stored, opened with the installation's own keys. */
  async function rememberTokens(which: string): Promise<void> {
    const keys = await generatedSecrets();
    const vault = await TokenVault.create({
      primaryKeys: [keys['ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY'] ?? ''],
      deterministicKeys: [keys['ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY'] ?? ''],
      salt: keys['ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT'],
      digest: 'sha1',
    });
    const [hook] = await database.query<{
      id: number;
      access_token: string;
      settings: { refresh_token: string };
    }>(`select id, access_token, settings from integrations_hooks where app_id = 'gohighlevel'`);
    if (!hook) throw new Error('not connected');
    remember(`${which} access token`, vault.open(hook.access_token, hook.id));
    remember(`${which} refresh token`, vault.open(hook.settings.refresh_token, hook.id));
  }
});
