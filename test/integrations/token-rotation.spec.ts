import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agencies, TokenRotation, TokenRotationModule, TokenVault } from '#libs/integrations';
import { useDatabase } from '../harness/database.js';
import { eventually } from '../harness/eventually.js';
import { ConnectionFixture, ENCRYPTION, type Process } from './connection-fixture.js';

const ROOT = join(import.meta.dirname, '..', '..');
const KEY = 'ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY';
const NEW_KEY = 'deskflow-test-determin-key-00002';
const NEW_THEN_OLD = { [KEY]: `${NEW_KEY},${ENCRYPTION[KEY]}` };
const COMPANY = 'CmpToBeRotated000001';

const database = useDatabase();
let fixture: ConnectionFixture;
let old: Process;
let rotating: Process;
let newest: Process;

beforeAll(async () => {
  fixture = await ConnectionFixture.start(database.source);
  old = await fixture.process();
  rotating = await fixture.process(NEW_THEN_OLD, [TokenRotationModule]);
  newest = await fixture.process({ [KEY]: NEW_KEY });
});
afterEach(() => fixture.reset());
afterAll(() => fixture.stop());

const rotate = (by = rotating): ReturnType<TokenRotation['run']> => by.app.get(TokenRotation).run();

async function storeAgency(): Promise<void> {
  await old.app.get(Agencies).store(1, {
    companyId: COMPANY,
    accessToken: 'agency-access',
    refreshToken: 'agency-refresh',
    expiresAt: new Date(Date.now() + 3_600_000),
    scope: undefined,
    userId: undefined,
    approvedLocations: [],
    installToFutureLocations: false,
  });
}

/** What a process with only the newest key reads, hook by hook; throws where it cannot. */
async function readableTokens(by = newest): Promise<string[]> {
  const vault = by.app.get(TokenVault);
  const rows = await database.query<{ id: number; access_token: string; refresh_token: string }>(
    `select id, access_token, settings->>'refresh_token' as refresh_token from integrations_hooks order by id`,
  );
  return rows.flatMap((row) => [vault.open(row.access_token, row.id), vault.open(row.refresh_token, row.id)]);
}

describe('rotating the keys', () => {
  it('brings every token under the newest key, and none is another one afterwards', async () => {
    await fixture.connectMany(old, 5);
    await storeAgency();
    const before = await readableTokens(old);
    const updated = await database.query('select id, updated_at from integrations_hooks order by id');
    expect(await rotate()).toEqual({ current: 6, rewritten: 6, unreadable: 0, busy: 0 });
    expect(await readableTokens()).toEqual(before);
    await expect(readableTokens(old)).rejects.toMatchObject({ reason: 'unknown_key_reference' });
    expect(await database.query('select id, updated_at from integrations_hooks order by id')).toEqual(
      updated,
    );
    const agency = newest.app.get(Agencies).row(1, COMPANY);
    expect(await agency.find(database.source.manager)).toMatchObject({
      accessToken: 'agency-access',
      refreshToken: 'agency-refresh',
    });
  });

  it('finds nothing to do the second time', async () => {
    await fixture.connectMany(old, 3);
    await rotate();
    expect(await rotate()).toEqual({ current: 3, rewritten: 0, unreadable: 0, busy: 0 });
  });

  it('seals what an earlier installation stored in clear, and leaves foreign settings alone', async () => {
    const hookId = await fixture.connect(old);
    await database.query(
      `update integrations_hooks
          set access_token = 'clear-access',
              settings = settings || '{"refresh_token": "clear-refresh", "foreign": [1]}' where id = $1`,
      [hookId],
    );
    expect(await rotate()).toMatchObject({ rewritten: 1 });
    expect(await readableTokens()).toEqual(['clear-access', 'clear-refresh']);
    const row = await fixture.row(hookId);
    expect([row.access_token, row.settings['refresh_token']]).toEqual([
      expect.stringMatching(/^\{"p":/),
      expect.stringMatching(/^\{"p":/),
    ]);
    expect(row.settings).toMatchObject({ foreign: [1], location_id: fixture.locationId() });
  });

  it('moves values from the other digest', async () => {
    const hookId = await fixture.connect(
      await fixture.process({ ACTIVE_RECORD_ENCRYPTION_DIGEST: 'sha256' }),
    );
    const before = await readableTokens(old);
    const sha1 = await fixture.process({}, [TokenRotationModule]);
    expect(await rotate(sha1)).toMatchObject({ rewritten: 1 });
    expect(await readableTokens(old)).toEqual(before);
    expect(await fixture.row(hookId)).toMatchObject({ status: 1 });
  });

  it("keeps the refresh token in clear where DeskFlow's code must read it", async () => {
    await fixture.connect(old);
    const before = await readableTokens(old);
    const clear = await fixture.process({ ...NEW_THEN_OLD, GHL_ENCRYPT_REFRESH_TOKEN: 'false' }, [
      TokenRotationModule,
    ]);
    expect(await rotate(clear)).toMatchObject({ rewritten: 1 });
    const [row] = await database.query<{ refresh_token: string }>(
      `select settings->>'refresh_token' as refresh_token from integrations_hooks`,
    );
    expect(row!.refresh_token).toBe(before[1]);
    expect(await rotate(clear)).toMatchObject({ rewritten: 0 });
  });

  it("touches no other app's hook", async () => {
    await database.query(
      `insert into integrations_hooks (account_id, app_id, access_token, created_at, updated_at)
       values (1, 'linear', 'of-linear', now(), now())`,
    );
    expect(await rotate()).toEqual({ current: 0, rewritten: 0, unreadable: 0, busy: 0 });
    expect(await database.query('select access_token from integrations_hooks')).toEqual([
      { access_token: 'of-linear' },
    ]);
  });

  it('goes on where one value cannot be read, and leaves that as it is', async () => {
    const hookIds = await fixture.connectMany(old, 3);
    const broken = '{"p":"AAAA","h":{';
    await database.query('update integrations_hooks set access_token = $2 where id = $1', [
      hookIds[1],
      broken,
    ]);
    expect(await rotate()).toEqual({ current: 2, rewritten: 2, unreadable: 1, busy: 0 });
    expect(await fixture.row(hookIds[1]!)).toMatchObject({ access_token: broken });
  });
});

describe('while the system runs', () => {
  it('does not put an old token over one that is being renewed, and comes back to it', async () => {
    const live = await fixture.process(NEW_THEN_OLD);
    const hookIds = await fixture.connectMany(old, 3);
    await fixture.expiresIn(hookIds[1]!, -1);
    fixture.simulator.faults.add({ kind: 'delay', delayMs: 1_000, path: '/oauth/token' });
    const renewing = live.refresh.freshAccessToken(hookIds[1]!);
    await eventually(async () => {
      const holders = await database.query(
        `select from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`,
      );
      expect(holders).toHaveLength(1);
    });
    const report = await rotate();
    const token = await renewing;
    expect(report).toEqual({ current: 3, rewritten: 2, unreadable: 0, busy: 0 });
    expect((await readableTokens())[2]).toBe(token);
    expect(fixture.simulator.world.tokens.grantOf(token)).toBeDefined();
  });

  it('leaves every connection able to renew', async () => {
    const live = await fixture.process(NEW_THEN_OLD);
    const hookIds = await fixture.connectMany(old, 12);
    const renewals = Promise.all(hookIds.map((hookId) => live.refresh.refresh(hookId)));
    const [tokens] = await Promise.all([renewals, rotate()]);
    expect((await readableTokens(live)).filter((_, index) => index % 2 === 0).toSorted()).toEqual(
      tokens.toSorted(),
    );
    await rotate();
    expect(await readableTokens()).toHaveLength(24);
    expect(fixture.reconnects()).toBe(0);
  });
});

describe('npm run tokens:rotate', () => {
  function start(env: Record<string, string> = NEW_THEN_OLD): { child: ChildProcess; output: () => string } {
    const child = spawn(process.execPath, ['dist/apps/rotate-tokens/main.js'], {
      cwd: ROOT,
      env: {
        PATH: process.env['PATH'],
        NODE_ENV: 'production',
        FRONTEND_URL: 'https://desk.example.test',
        DATABASE_URL: database.url,
        GHL_CLIENT_ID: 'x',
        GHL_CLIENT_SECRET: 'y',
        ...ENCRYPTION,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    const keep = (chunk: Buffer): void => void (said += chunk.toString());
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    return { child, output: () => said };
  }

  async function finished(env?: Record<string, string>): Promise<{ code: number | null; output: string }> {
    const { child, output } = start(env);
    await once(child, 'close');
    return { code: child.exitCode, output: output() };
  }

  const rotated = async (): Promise<number> => {
    const vault = newest.app.get(TokenVault);
    const rows = await database.query<{ access_token: string }>(
      'select access_token from integrations_hooks',
    );
    return rows.filter(({ access_token }) => vault.isCurrent(access_token)).length;
  };

  it('goes on where a killed run has ended', async () => {
    const COUNT = 1_500;
    await fixture.connect(old);
    await database.query(
      `insert into integrations_hooks (account_id, app_id, reference_id, status, access_token, settings, created_at,
                                       updated_at)
       select 2, app_id, 'copy ' || n, status, access_token, settings, now(), now()
         from integrations_hooks, generate_series(2, $1::int) n`,
      [COUNT],
    );
    const { child } = start();
    await eventually(async () => expect(await rotated()).toBeGreaterThan(50));
    child.kill('SIGKILL');
    await once(child, 'close');
    await sleep(100); // what was on its way is committed or not
    const first = await rotated();
    expect(first).toBeLessThan(COUNT);

    const { code, output } = await finished();
    expect(code).toBe(0);
    expect(output).toContain(
      `${COUNT} rows are current, ${COUNT - first} of them rewritten; 0 unreadable, 0 busy`,
    );
    expect(await rotated()).toBe(COUNT);
    expect(new Set(await readableTokens()).size).toBe(2);
  });

  it('names the hook whose token it cannot read and nothing of the token, and ends with 1', async () => {
    const hookId = await fixture.connect(old);
    const { access_token: sealed } = await fixture.row(hookId);
    const { code, output } = await finished({ [KEY]: NEW_KEY });
    expect(code).toBe(1);
    expect(output).toContain(`A token of hook ${hookId} cannot be read`);
    expect(output).toContain('"reason":"unknown_key_reference"');
    expect(output).not.toContain(String(sealed).slice(10, 40));
  });

  it('refuses to run without keys', async () => {
    const none = Object.fromEntries(Object.keys(ENCRYPTION).map((name) => [name, '']));
    const { code, output } = await finished(none);
    expect(code).toBe(1);
    expect(output).toContain('No encryption keys are configured');
  });
});
