import { SCOPES } from '#libs/highlevel';
import { eventually } from '../harness/eventually.js';
import { Browser } from '../oauth/browser.js';
import { LOCATIONS_PATH, useAgency } from './agency-fixture.js';
import { ApiFixture, OTHER_ACCOUNT } from './api-fixture.js';

const agency = useAgency();

describe('GET …/integrations/ghl/locations', () => {
  it('is empty as long as no agency has authorized the app', async () => {
    const { status, body } = await agency.list();
    expect(status).toBe(200);
    expect(body).toEqual({ agencies: [], payload: [], meta: { count: 0, next_offset: null } });
    expect(agency.connections.simulator.requests.list()).toEqual([]);
  });

  it("lists the agency's locations, whether the app is there, and who has them", async () => {
    const { target } = await agency.authorize(agency.ids.slice(0, 2));
    expect(target.searchParams.get('agency')).toBe(agency.companyId);
    await agency.choose([agency.ids[0]]);
    const stranger = new Browser(agency.api, 'stranger', OTHER_ACCOUNT);
    await stranger.connect({ location: agency.ids[2]! });

    const { status, body } = await agency.list();
    expect(status).toBe(200);
    const names = agency.connections.simulator.locations.map(({ name }) => name);
    expect(body).toEqual({
      agencies: [
        {
          company_id: agency.companyId,
          installed_at: expect.any(String),
          install_to_future_locations: false,
          state: 'connected',
          reason: null,
          reauthorization_required: false,
          missing_scopes: [],
        },
      ],
      payload: [
        expect.objectContaining({
          name: names[0],
          installed: true,
          connected: true,
          held_by: 'this_account',
        }),
        expect.objectContaining({
          location_id: agency.ids[1],
          installed: true,
          connected: false,
          held_by: null,
        }),
        expect.objectContaining({ installed: true, connected: false, held_by: 'another_account' }),
      ],
      meta: { count: 3, next_offset: null },
    });
  });

  it('shows a part at a time, by name if wanted', async () => {
    await agency.authorize();
    const first = await agency.list('?limit=2');
    expect(first.body).toMatchObject({ meta: { count: 3, next_offset: 2 } });
    expect(first.body['payload']).toHaveLength(2);
    const second = await agency.list('?limit=2&offset=2');
    expect(second.body).toMatchObject({
      payload: [{ location_id: agency.ids[2] }],
      meta: { next_offset: null },
    });
    const { name } = agency.connections.simulator.locations[1]!;
    expect((await agency.list(`?q=${encodeURIComponent(name.slice(0, 6))}`)).body).toMatchObject({
      payload: [{ location_id: agency.ids[1] }],
      meta: { count: 1 },
    });
  });

  it.each([
    '?limit=0',
    '?limit=101',
    '?offset=-1',
    '?offset=1e3',
    '?company_id=a/b',
    `?q=${'x'.repeat(101)}`,
  ])('refuses %s', async (query) => {
    expect(await agency.list(query)).toMatchObject({ status: 422, body: { code: 'validation_failed' } });
  });

  it('shows an agency to the account that has it, and to its administrators only', async () => {
    await agency.authorize();
    for (const as of ['agent', 'stranger'] as const) expect((await agency.list('', as)).status).toBe(401);
    const theirs = await agency.api.call('GET', LOCATIONS_PATH.replace('/1/', '/2/'), { as: 'stranger' });
    expect(theirs.body).toMatchObject({ agencies: [], payload: [] });
    const named = await agency.api.call(
      'GET',
      `${LOCATIONS_PATH.replace('/1/', '/2/')}?company_id=${agency.companyId}`,
      {
        as: 'stranger',
      },
    );
    expect(named).toMatchObject({ status: 404, body: { code: 'not_connected' } });
  });

  it('says which scopes the agency has to grant', async () => {
    const poor = await ApiFixture.start(agency.connections, agency.people);
    try {
      await new Browser(poor).connect({ agency: true });
      const { status, body } = await agency.list();
      expect(status).toBe(422);
      expect(body).toMatchObject({
        code: 'highlevel_refused',
        error: expect.stringContaining('oauth.readonly'),
        details: { company_id: agency.companyId, reason: 'scope_missing' },
      });
    } finally {
      await poor.stop();
    }
  });
});

describe('POST …/integrations/ghl/locations', () => {
  it('connects what was chosen, each with a token of its own', async () => {
    await agency.authorize();
    const { status, body } = await agency.choose([agency.ids[2], agency.ids[0]]);
    expect(status).toBe(200);
    expect(body).toEqual({
      payload: [agency.ids[2], agency.ids[0]].map((location_id) => ({
        location_id,
        connected: true,
        hook_id: expect.any(Number),
        code: null,
        error: null,
      })),
    });
    expect((await agency.connected()).toSorted()).toEqual([agency.ids[2], agency.ids[0]].toSorted());
    for (const id of [agency.ids[0]!, agency.ids[2]!]) {
      const row = await agency.hookOf(id);
      expect(agency.connections.simulator.world.tokens.grantOf(agency.tokenOf(row))).toMatchObject({
        locationId: id,
      });
      expect(row).toMatchObject({ account_id: 1, status: 1, state: 'connected' });
      expect(row.settings).toMatchObject({
        location_id: id,
        company_id: agency.companyId,
        user_type: 'Location',
        refresh_token: expect.stringMatching(/^\{"p":/),
      });
    }
    const shown = await agency.api.call('GET', '/api/v1/accounts/1/integrations/ghl/status', {
      as: 'admin',
    });
    expect(shown.body).toMatchObject({ connected: true, scopes: expect.arrayContaining([...SCOPES]) });
    const names = (shown.body['connections'] as { location_name: string }[]).map(
      ({ location_name }) => location_name,
    );
    expect(names.toSorted()).toEqual(
      [0, 2].map((index) => agency.connections.simulator.locations[index]!.name).toSorted(),
    );
  });

  it('finishes the INSTALLs that waited for the choice, and leaves the others waiting', async () => {
    await agency.authorize();
    await eventually(async () =>
      expect(await agency.installs()).toEqual(
        Object.fromEntries(agency.ids.map((id) => [id, 'parked awaiting_choice'])),
      ),
    );
    expect(await agency.connected()).toEqual([]);
    await agency.choose([agency.ids[1]]);
    expect(await agency.installs()).toEqual({
      [agency.ids[0]!]: 'parked awaiting_choice',
      [agency.ids[1]!]: 'done',
      [agency.ids[2]!]: 'parked awaiting_choice',
    });
  });

  it('connects the others where one cannot be connected, and says why', async () => {
    await agency.authorize(agency.ids.slice(0, 2));
    await new Browser(agency.api, 'stranger', OTHER_ACCOUNT).connect({ location: agency.ids[0]! });
    const { status, body } = await agency.choose([agency.ids[0], agency.ids[1], 'LocOfNobody']);
    expect(status).toBe(200);
    expect(body['payload']).toMatchObject([
      { location_id: agency.ids[0], connected: false, code: 'location_already_connected' },
      { location_id: agency.ids[1], connected: true },
      { connected: false, code: 'highlevel_refused', error: expect.stringContaining('not installed') },
    ]);
    expect(await agency.hookOf(agency.ids[0]!)).toMatchObject({ account_id: OTHER_ACCOUNT });
  });

  it('renews one that is connected already in place', async () => {
    await agency.authorize();
    await agency.choose([agency.ids[0]]);
    const before = await agency.hookOf(agency.ids[0]!);
    expect((await agency.choose([agency.ids[0]])).body['payload']).toMatchObject([{ hook_id: before.id }]);
    expect((await agency.hookOf(agency.ids[0]!)).access_token).not.toBe(before.access_token);
  });

  it.each([
    ['none', []],
    ['too many', Array.from({ length: 26 }, (_, index) => `Loc${index}`)],
    ['one twice', ['Loc1', 'Loc1']],
    ['a path', ['../token']],
    ['no list', 'Loc1'],
    ['something else', [{ id: 'Loc1' }]],
  ])('refuses %s', async (_what, locationIds) => {
    expect(await agency.choose(locationIds)).toMatchObject({
      status: 422,
      body: { code: 'validation_failed' },
    });
  });

  it('knows no agency that the account does not have, and is for administrators', async () => {
    expect(await agency.choose([agency.ids[0]])).toMatchObject({
      status: 404,
      body: { code: 'not_connected' },
    });
    await agency.authorize();
    expect(await agency.choose([agency.ids[0]], { company_id: 'CmpOfOthers' })).toMatchObject({
      status: 404,
    });
    for (const as of ['agent', 'stranger'] as const)
      expect((await agency.choose([agency.ids[0]], {}, as)).status).toBe(401);
    expect(await agency.connected()).toEqual([]);
  });
});
