import { TokenVault } from '#libs/integrations';
import { useAgency } from './agency-fixture.js';

const agency = useAgency();

describe("an agency's own token", () => {
  it('is renewed once when it ends, however many calls need it', async () => {
    await agency.authorize();
    await agency.tokenEnds();
    agency.connections.simulator.requests.clear();
    const answers = await Promise.all(Array.from({ length: 10 }, () => agency.list()));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(agency.connections.tokenRequests()).toBe(1);
    expect((await agency.list()).status).toBe(200);
    expect(agency.connections.tokenRequests()).toBe(1);
  });

  it('is renewed once, and the call repeated once, when HighLevel refuses it', async () => {
    await agency.authorize();
    agency.connections.simulator.requests.clear();
    agency.connections.simulator.faults.add({ kind: 'revoke_token', path: '/oauth/installedLocations' });
    expect((await agency.list()).status).toBe(200);
    expect(agency.connections.tokenRequests()).toBe(1);
  });

  it('is won back without the agency when its pair was lost', async () => {
    await agency.authorize();
    await agency.tokenEnds();
    agency.connections.simulator.faults.add({ kind: 'lose_answer', path: '/oauth/token' });
    expect((await agency.list()).status).toBe(200);
    expect(agency.connections.reconnects()).toBe(1);
  });

  it('asks for the agency again when nothing helps, and waits while HighLevel does not answer', async () => {
    await agency.authorize();
    await agency.tokenEnds();
    agency.connections.simulator.faults.add({ kind: 'status', status: 503, path: '/oauth/token', times: 2 });
    expect(await agency.list()).toMatchObject({ status: 502, body: { code: 'highlevel_unavailable' } });
    expect(await agency.list()).toMatchObject({ status: 502 });
    expect(agency.connections.tokenRequests(503)).toBe(2); // no storm
    await agency.database.query('update ghl.agencies set next_attempt_at = null');
    agency.removedUnheard();
    expect(await agency.list()).toMatchObject({
      status: 422,
      body: { code: 'reauthorization_required', details: { company_id: agency.companyId } },
    });
  });

  it('names the agency where it cannot be decrypted, and sends nothing', async () => {
    await agency.authorize();
    await agency.database.query(`update ghl.agencies set access_token = '{"p":"AAAA","h":{'`);
    agency.connections.simulator.requests.clear();
    expect(await agency.list()).toMatchObject({
      status: 500,
      body: { code: 'token_unreadable', details: { company_id: agency.companyId } },
    });
    expect(agency.connections.simulator.requests.list()).toEqual([]);
  });
});

describe('the token of a location that its agency connected', () => {
  it('is renewed by its own refresh token', async () => {
    await agency.authorize();
    await agency.choose([agency.ids[0]]);
    const { id } = await agency.hookOf(agency.ids[0]!);
    await agency.connections.expiresIn(id, -1);
    agency.connections.simulator.requests.clear();
    await agency.other.refresh.freshAccessToken(id);
    expect([agency.connections.tokenRequests(), agency.mintings()]).toEqual([1, 0]);
  });

  it('is minted anew where it has none', async () => {
    agency.connections.simulator.settings.change({ mintsRefreshTokens: false });
    await agency.authorize();
    await agency.choose([agency.ids[0]]);
    const before = await agency.hookOf(agency.ids[0]!);
    expect(before.settings).not.toHaveProperty('refresh_token');
    await agency.connections.expiresIn(before.id, -1);
    agency.connections.simulator.requests.clear();
    const tokens = await Promise.all(
      Array.from({ length: 10 }, () => agency.other.refresh.freshAccessToken(before.id)),
    );
    expect(new Set(tokens).size).toBe(1);
    expect([agency.connections.tokenRequests(), agency.connections.reconnects(), agency.mintings()]).toEqual([
      0, 0, 1,
    ]);
    expect(agency.connections.simulator.world.tokens.grantOf(tokens[0]!)).toMatchObject({
      locationId: agency.ids[0],
    });
    expect(await agency.hookOf(agency.ids[0]!)).toMatchObject({
      state: 'connected',
      consecutive_failures: 0,
    });
  });

  it("is minted anew by an agency's token that has to be renewed first", async () => {
    agency.connections.simulator.settings.change({ mintsRefreshTokens: false });
    await agency.authorize();
    await agency.choose([agency.ids[0], agency.ids[1]]);
    await agency.tokenEnds();
    const rows = [await agency.hookOf(agency.ids[0]!), await agency.hookOf(agency.ids[1]!)];
    for (const { id } of rows) await agency.connections.expiresIn(id, -1);
    agency.connections.simulator.requests.clear();
    await Promise.all(rows.map(({ id }) => agency.other.refresh.freshAccessToken(id)));
    expect([agency.connections.tokenRequests(), agency.mintings()]).toEqual([1, 2]);
  });

  it('is minted anew when its refresh token and the reconnect are refused', async () => {
    await agency.authorize();
    await agency.choose([agency.ids[0]]);
    const { id, settings } = await agency.hookOf(agency.ids[0]!);
    const refreshToken = agency.other.app.get(TokenVault).open(String(settings['refresh_token']), id);
    agency.connections.simulator.world.tokens.takeRefresh(refreshToken);
    await agency.connections.expiresIn(id, -1);
    agency.connections.simulator.faults.add({ kind: 'status', status: 400, path: '/oauth/reconnect' });
    await agency.other.refresh.freshAccessToken(id);
    expect(await agency.hookOf(agency.ids[0]!)).toMatchObject({ state: 'connected', reason: null });
  });

  it.each([
    ['HighLevel does not answer', { kind: 'status', status: 503, times: 3 }, 'highlevel_unavailable'],
    ['the location is suspended', { kind: 'location_not_active' }, 'highlevel_refused'],
  ] as const)('waits when %s', async (_case, fault, code) => {
    agency.connections.simulator.settings.change({ mintsRefreshTokens: false });
    await agency.authorize();
    await agency.choose([agency.ids[0]]);
    const { id } = await agency.hookOf(agency.ids[0]!);
    await agency.connections.expiresIn(id, -1);
    agency.connections.simulator.faults.add({ ...fault, path: '/oauth/locationToken' });
    await expect(agency.other.refresh.freshAccessToken(id)).rejects.toMatchObject({ code });
    const row = await agency.hookOf(agency.ids[0]!);
    expect(row).toMatchObject({ status: 1, consecutive_failures: 1 });
    expect(row.next_attempt_at!.getTime()).toBeGreaterThan(Date.now() + 10_000);
    agency.connections.simulator.faults.clear();
    await agency.other.refresh.refresh(id);
    expect(await agency.hookOf(agency.ids[0]!)).toMatchObject({
      state: 'connected',
      consecutive_failures: 0,
    });
  });

  it('asks for a new authorization when the agency cannot mint it either', async () => {
    agency.connections.simulator.settings.change({ mintsRefreshTokens: false });
    await agency.authorize();
    await agency.choose([agency.ids[0]]);
    const { id } = await agency.hookOf(agency.ids[0]!);
    await agency.connections.expiresIn(id, -1);
    agency.removedUnheard();
    await expect(agency.other.refresh.freshAccessToken(id)).rejects.toMatchObject({
      code: 'reauthorization_required',
    });
    expect(await agency.hookOf(agency.ids[0]!)).toMatchObject({
      status: 1,
      state: 'reauthorization_required',
    });
  });
});
