import { HighLevelClients, TokenVault } from '#libs/integrations';
import { ConnectionFixture, type Process } from './connection-fixture.js';
import { useDatabase } from '../harness/database.js';

const database = useDatabase();
let fixture: ConnectionFixture;
let process: Process;
let hookId: number;

beforeAll(async () => {
  fixture = await ConnectionFixture.start(database.source);
  process = await fixture.process();
});
beforeEach(async () => {
  hookId = await fixture.connect(process);
});
afterEach(() => fixture.reset());
afterAll(() => fixture.stop());

const calls = (status?: number): number => fixture.simulator.requests.count('GET', /^\/locations\//, status);

async function readLocation(): Promise<{ id: string }> {
  const hook = await process.hooks.findById(hookId);
  return process.app.get(HighLevelClients).forHook(hook!).locations.get();
}

async function revoke(): Promise<void> {
  const { access_token: sealed } = await fixture.row(hookId);
  fixture.simulator.world.tokens.revokeAccess(process.app.get(TokenVault).open(sealed ?? '', hookId));
}

describe('a client of a location', () => {
  it('calls with the stored token and asks for no other', async () => {
    expect(await readLocation()).toMatchObject({ id: fixture.locationId() });
    expect(calls(200)).toBe(1);
    expect(fixture.tokenRequests()).toBe(0);
  });

  it('renews a token that is about to end before it calls', async () => {
    await fixture.expiresIn(hookId, 60);
    await readLocation();
    expect(fixture.tokenRequests()).toBe(1);
    expect(calls()).toBe(1);
  });

  it('renews a refused token once and repeats the call once', async () => {
    await revoke();
    expect(await readLocation()).toMatchObject({ id: fixture.locationId() });
    expect(fixture.tokenRequests()).toBe(1);
    expect([calls(401), calls(200)]).toEqual([1, 1]);
  });

  it('renews once for many calls that are refused at once', async () => {
    await revoke();
    const read = await Promise.all(Array.from({ length: 20 }, readLocation));
    expect(new Set(read.map(({ id }) => id))).toEqual(new Set([fixture.locationId()]));
    expect(fixture.tokenRequests()).toBe(1);
  });

  it('gives up when the renewed token is refused, too', async () => {
    fixture.simulator.faults.add({
      kind: 'status',
      status: 401,
      body: { statusCode: 401, message: 'Invalid token: access token is invalid', error: 'Unauthorized' },
      path: '/locations/',
      times: 5,
    });
    await expect(readLocation()).rejects.toMatchObject({ kind: 'token_rejected' });
    expect(calls()).toBe(2);
    expect(fixture.tokenRequests()).toBe(1);
  });

  it('neither renews nor repeats where a scope is missing', async () => {
    fixture.simulator.faults.add({
      kind: 'status',
      status: 401,
      body: { statusCode: 401, message: 'The token is not authorized for this scope.' },
      path: '/locations/',
    });
    await expect(readLocation()).rejects.toMatchObject({ kind: 'scope_missing' });
    expect(calls()).toBe(1);
    expect(fixture.tokenRequests()).toBe(0);
  });

  it('says that a person must authorize again, and asks HighLevel no more', async () => {
    fixture.simulator.installations.uninstallLocation(fixture.locationId());
    await revoke();
    await expect(readLocation()).rejects.toMatchObject({ code: 'reauthorization_required' });
    fixture.simulator.requests.clear();
    await expect(readLocation()).rejects.toMatchObject({ code: 'reauthorization_required' });
    expect(fixture.simulator.requests.list()).toEqual([]);
  });
});
