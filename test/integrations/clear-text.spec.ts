import { PassThrough } from 'node:stream';
import { TokenVault } from '#libs/integrations';
import { createLogger } from '#libs/logging';
import { ConnectionFixture, ENCRYPTION, type Process } from './connection-fixture.js';
import { useDatabase } from '../harness/database.js';

const NO_KEYS = Object.fromEntries(Object.keys(ENCRYPTION).map((name) => [name, '']));
const WARNING = /HighLevel tokens are stored in clear/g;

const database = useDatabase();
let fixture: ConnectionFixture;

beforeAll(async () => {
  fixture = await ConnectionFixture.start(database.source);
});
afterEach(() => fixture.reset());
afterAll(() => fixture.stop());

async function start(env: Record<string, string>): Promise<{ process: Process; log: string }> {
  const log = new PassThrough();
  const process = await fixture.process(env, [], createLogger({ logLevel: 'info', isProduction: true }, log));
  return { process, log: String(log.read() ?? '') };
}

describe('without encryption keys', () => {
  it('a process warns once at start and stores tokens in clear', async () => {
    const { process, log } = await start(NO_KEYS);
    expect(log.match(WARNING)).toHaveLength(1);
    expect(process.app.get(TokenVault).encrypts).toBe(false);
    const row = await fixture.row(await fixture.connect(process));
    expect(row.access_token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(row.settings['refresh_token']).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  it('what was stored sealed cannot be read, and is never sent', async () => {
    const { process: sealing } = await start({});
    const hookId = await fixture.connect(sealing);
    const { process } = await start(NO_KEYS);
    await expect(process.refresh.freshAccessToken(hookId)).rejects.toMatchObject({
      code: 'token_unreadable',
      fields: { hook_id: hookId, reason: 'no_keys_configured' },
    });
    expect(fixture.tokenRequests()).toBe(0);
  });
});

describe('with encryption keys', () => {
  it('a process does not warn', async () => {
    expect((await start({})).log).not.toMatch(WARNING);
  });

  it('what an earlier installation stored in clear is read, and sealed at the next write', async () => {
    const { process: clear } = await start(NO_KEYS);
    const hookId = await fixture.connect(clear);
    const { access_token: stored } = await fixture.row(hookId);
    const { process } = await start({});
    expect(await process.refresh.freshAccessToken(hookId)).toBe(stored);
    await process.refresh.refresh(hookId);
    const row = await fixture.row(hookId);
    expect(row.access_token).toMatch(/^\{"p":/);
    expect(row.settings['refresh_token']).toMatch(/^\{"p":/);
  });

  it('reads what an older key of the list sealed, and writes with the newest', async () => {
    const { process: old } = await start({});
    const hookId = await fixture.connect(old);
    const before = await fixture.row(hookId);
    const name = 'ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY';
    const newest = { [name]: `deskflow-test-determin-key-00002, ${ENCRYPTION[name]}` };
    const { process } = await start(newest);
    await process.refresh.refresh(hookId);
    const after = await fixture.row(hookId);
    const keyOf = (sealed: string | null): unknown => (JSON.parse(sealed ?? '') as { h: { i: string } }).h.i;
    expect(keyOf(after.access_token)).not.toBe(keyOf(before.access_token));
    await expect(old.refresh.freshAccessToken(hookId)).rejects.toMatchObject({ code: 'token_unreadable' });
  });
});
