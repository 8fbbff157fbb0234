import { Agencies } from '#libs/integrations';
import { OTHER_ACCOUNT } from './api-fixture.js';
import { ConnectionFixture, type Process } from './connection-fixture.js';
import { useDatabase } from '../harness/database.js';

const database = useDatabase();
let fixture: ConnectionFixture;
let process: Process;

beforeAll(async () => {
  fixture = await ConnectionFixture.start(database.source);
  process = await fixture.process();
});
afterEach(() => fixture.reset());
afterAll(() => fixture.stop());

const soon = (): Date => new Date(Date.now() + 1_000);
const longAgo = (): Date => new Date(Date.now() - 60_000);

describe('the end of an installation', () => {
  it('disables the hook and drops its tokens, and keeps links, queued work and what is known', async () => {
    const hookId = await fixture.connect(process);
    const before = await fixture.row(hookId);
    await database.query(
      `insert into ghl.contact_links (account_id, location_id, contact_id, ghl_contact_id) values (1, $1, 7, 'Con0')`,
      [fixture.locationId()],
    );
    await database.query(
      `insert into ghl.outbox (account_id, hook_id, contact_id, operation) values (1, $1, 7, 'push')`,
      [hookId],
    );
    const at = soon();

    expect(await process.hooks.uninstall({ locationId: fixture.locationId(), at })).toEqual([hookId]);

    expect(await fixture.row(hookId)).toMatchObject({
      status: 0,
      access_token: null,
      reference_id: fixture.locationId(),
      state: 'uninstalled',
      reason: 'uninstalled',
      since: at,
    });
    const { refresh_token: refreshToken, expires_at: end, ...kept } = before.settings;
    expect([refreshToken, end]).not.toContain(undefined);
    expect((await fixture.row(hookId)).settings).toEqual(kept);
    expect(await database.query('select state from ghl.outbox')).toEqual([{ state: 'pending' }]);
    expect(await database.query('select from ghl.contact_links')).toHaveLength(1);
    await expect(process.refresh.freshAccessToken(hookId)).rejects.toMatchObject({ code: 'not_connected' });
    await expect(process.refresh.refresh(hookId)).rejects.toMatchObject({ code: 'not_connected' });
  });

  it('is ignored when it is older than the installation in place', async () => {
    const hookId = await fixture.connect(process);
    const before = await fixture.row(hookId);
    expect(await process.hooks.uninstall({ locationId: fixture.locationId(), at: longAgo() })).toEqual([]);
    expect(await fixture.row(hookId)).toEqual(before);
  });

  it("goes by the time DeskFlow noted where the hook is one of DeskFlow's own", async () => {
    const hookId = await fixture.connect(process);
    await database.query('delete from ghl.connections');
    expect(await process.hooks.uninstall({ locationId: fixture.locationId(), at: longAgo() })).toEqual([]);
    await database.query(`update integrations_hooks set settings = settings - 'connected_at'`);
    expect(await process.hooks.uninstall({ locationId: fixture.locationId(), at: longAgo() })).toEqual([
      hookId,
    ]);
  });

  it('of one location leaves the others alone; of an unknown one changes nothing', async () => {
    await fixture.connect(process);
    const other = await fixture.connect(process, { location: 1 });
    await process.hooks.uninstall({ locationId: fixture.locationId(), at: soon() });
    expect(await fixture.row(other)).toMatchObject({ status: 1, state: 'connected' });
    expect(await process.hooks.uninstall({ locationId: 'LocOfNobody', at: soon() })).toEqual([]);
    expect(await process.hooks.uninstall({ at: soon() })).toEqual([]);
  });

  it('of an agency ends all its hooks, in every account, and forgets its tokens', async () => {
    const hookIds = [
      await fixture.connect(process),
      await fixture.connect(process, { location: 1 }),
      await fixture.connect(process, { accountId: OTHER_ACCOUNT, location: 2 }),
    ];
    const { companyId } = fixture.simulator.locations[0]!;
    await process.app.get(Agencies).store(1, {
      companyId,
      accessToken: 'access',
      refreshToken: 'refresh',
      expiresAt: soon(),
      scope: undefined,
      userId: undefined,
      approvedLocations: [],
      installToFutureLocations: false,
    });
    await database.query(
      `update integrations_hooks set settings = settings || '{"company_id": "CmpOfOthers"}' where id = $1`,
      [hookIds[1]],
    );

    expect(await process.hooks.uninstall({ companyId, at: soon() })).toEqual([hookIds[0], hookIds[2]]);

    expect(await fixture.row(hookIds[1]!)).toMatchObject({ status: 1, state: 'connected' });
    expect(await database.query('select from ghl.agencies')).toEqual([]);
  });

  it('of an agency that authorized again since is ignored', async () => {
    const hookId = await fixture.connect(process);
    const { companyId } = fixture.simulator.locations[0]!;
    const grant = {
      accessToken: 'a',
      refreshToken: 'r',
      expiresAt: soon(),
      scope: 's',
      userId: 'u',
      approvedLocations: [],
      installToFutureLocations: false,
    };
    await process.app.get(Agencies).store(1, { companyId, ...grant });
    expect(await process.hooks.uninstall({ companyId, at: longAgo() })).toEqual([]);
    expect(await fixture.row(hookId)).toMatchObject({ status: 1 });
    expect(await database.query('select from ghl.agencies')).toHaveLength(1);
  });

  it('is over with the next authorization, under the same hook', async () => {
    const hookId = await fixture.connect(process);
    await process.hooks.uninstall({ locationId: fixture.locationId(), at: soon() });
    expect(await fixture.connect(process)).toBe(hookId);
    expect(await fixture.row(hookId)).toMatchObject({ status: 1, state: 'connected', reason: null });
    expect(await process.refresh.freshAccessToken(hookId)).toMatch(/\./);
  });

  it('does not free the location for another account', async () => {
    await fixture.connect(process);
    await process.hooks.uninstall({ locationId: fixture.locationId(), at: soon() });
    await expect(fixture.connect(process, { accountId: OTHER_ACCOUNT })).rejects.toMatchObject({
      code: 'location_already_connected',
      fields: { location_id: fixture.locationId() },
    });
  });
});

describe('looking a hook up', () => {
  it('by location prefers the enabled one', async () => {
    const hookId = await fixture.connect(process);
    await database.query(
      `insert into integrations_hooks (account_id, app_id, reference_id, status, created_at, updated_at)
       select 5 + coalesce(s, 1), app_id, reference_id, s, now(), now() from integrations_hooks, unnest(array[0, null]) s`,
    );
    expect(await process.hooks.findByLocation(fixture.locationId())).toMatchObject({ id: hookId });
    expect(await process.hooks.findByLocation('LocOfNobody')).toBeUndefined();
  });

  it("finds this app's hooks only", async () => {
    const hookId = await fixture.connect(process);
    expect(await process.hooks.findById(hookId)).toMatchObject({ id: hookId, accountId: 1 });
    await database.query(`update integrations_hooks set app_id = 'linear'`);
    expect(await process.hooks.findById(hookId)).toBeUndefined();
    expect(await process.hooks.findByLocation(fixture.locationId())).toBeUndefined();
    expect(await process.hooks.findByAccount(1)).toEqual([]);
  });
});
