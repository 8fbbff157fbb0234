import { eventually } from '../harness/eventually.js';
import { Browser } from '../oauth/browser.js';
import { useAgency } from './agency-fixture.js';
import { OTHER_ACCOUNT } from './api-fixture.js';

const agency = useAgency();

describe('locations that an agency adds later', () => {
  const control = (path: string, body: object = {}): Promise<Response> =>
    fetch(`${agency.connections.simulator.url}/_sim${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const installLater = (locationId: string): Promise<Response> => control(`/locations/${locationId}/install`);
  const addLocation = async (name: string): Promise<string> => {
    const answer = await control(`/companies/${agency.companyId}/locations`, { name });
    return ((await answer.json()) as { location: { id: string } }).location.id;
  };

  it('connect themselves to the account that has the agency', async () => {
    await agency.authorize(agency.ids.slice(0, 1));
    await installLater(agency.ids[1]!);
    await eventually(async () => expect(await agency.connected()).toEqual([agency.ids[1]]));
    expect(await agency.hookOf(agency.ids[1]!)).toMatchObject({ account_id: 1, state: 'connected' });
    await eventually(async () => expect((await agency.installs())[agency.ids[1]!]).toBe('done'));
    expect((await agency.installs())[agency.ids[0]!]).toBe('parked awaiting_choice');
  });

  it('connect themselves when they are new, although HighLevel does not say whose they are', async () => {
    await agency.authorize(agency.ids.slice(0, 1), true);
    const locationId = await addLocation('Brand New Bakery');
    await eventually(async () => expect(await agency.connected()).toEqual([locationId]));
    await eventually(async () => {
      const { body } = await agency.api.call('GET', '/api/v1/accounts/1/integrations/ghl/status', {
        as: 'admin',
      });
      expect(body).toMatchObject({ location_id: locationId, location_name: 'Brand New Bakery' });
    });
  });

  it('wait for the agency when their INSTALL comes before its callback', async () => {
    const callback = await agency.admin.approve({ agency: true, approved: agency.ids.slice(0, 1) });
    await installLater(agency.ids[1]!);
    await eventually(async () =>
      expect((await agency.installs())[agency.ids[1]!]).toBe('parked not_claimed'),
    );
    await agency.admin.follow(callback);
    await eventually(async () => expect(await agency.connected()).toEqual([agency.ids[1]]));
    expect((await agency.installs())[agency.ids[0]!]).toBe('parked awaiting_choice');
  });

  it('are not lost when their INSTALL comes during the callback', async () => {
    const callback = await agency.admin.approve({ agency: true, approved: agency.ids.slice(0, 1) });
    agency.connections.simulator.faults.add({ kind: 'delay', delayMs: 300, path: '/oauth/token' });
    const landing = agency.admin.follow(callback);
    await installLater(agency.ids[1]!);
    await installLater(agency.ids[2]!);
    await landing;
    await eventually(async () =>
      expect((await agency.connected()).toSorted()).toEqual([agency.ids[1], agency.ids[2]].toSorted()),
    );
  });

  it('are connected as soon as HighLevel mints a token for them', async () => {
    await agency.authorize(agency.ids.slice(0, 1));
    agency.connections.simulator.faults.add({
      kind: 'status',
      status: 503,
      path: '/oauth/locationToken',
      times: 2,
    });
    await installLater(agency.ids[1]!);
    await eventually(async () => expect(await agency.connected()).toEqual([agency.ids[1]]));
    expect(agency.mintings(503)).toBe(2);
  });

  it('belong to nobody where two accounts have the agency, until one chooses them', async () => {
    await agency.authorize(agency.ids.slice(0, 1));
    await new Browser(agency.api, 'stranger', OTHER_ACCOUNT).connect({
      agency: true,
      approved: agency.ids.slice(0, 1),
    });
    await installLater(agency.ids[1]!);
    await eventually(async () =>
      expect((await agency.installs())[agency.ids[1]!]).toBe('parked several_accounts'),
    );
    await agency.choose([agency.ids[1]]);
    expect((await agency.installs())[agency.ids[1]!]).toBe('done');
    expect(await agency.hookOf(agency.ids[1]!)).toMatchObject({ account_id: 1 });
  });

  it('wait until the agency has authorized again where its token is dead', async () => {
    await agency.authorize(agency.ids.slice(0, 1));
    await agency.database.query(`update ghl.agencies set state = 'reauthorization_required', reason = 'x'`);
    await installLater(agency.ids[1]!);
    await eventually(async () =>
      expect((await agency.installs())[agency.ids[1]!]).toBe('parked agency_unauthorized'),
    );
    await agency.authorize(agency.ids.slice(0, 1));
    await eventually(async () => expect(await agency.connected()).toEqual([agency.ids[1]]));
  });

  it('do not come to an account that has disconnected everything', async () => {
    await agency.authorize(agency.ids.slice(0, 1));
    const { status } = await agency.api.call('DELETE', '/api/v1/accounts/1/integrations/ghl', {
      as: 'admin',
    });
    expect(status).toBe(200);
    expect(await agency.database.query('select from ghl.agencies')).toEqual([]);
    await installLater(agency.ids[1]!);
    await eventually(async () =>
      expect((await agency.installs())[agency.ids[1]!]).toBe('parked not_claimed'),
    );
    expect(await agency.connected()).toEqual([]);
  });

  it('come back under their hook after they were uninstalled', async () => {
    await agency.authorize(agency.ids.slice(0, 1));
    await agency.choose([agency.ids[0]]);
    const before = await agency.hookOf(agency.ids[0]!);
    agency.connections.simulator.world.uninstallLocation(agency.ids[0]!);
    await eventually(async () => expect(await agency.connected()).toEqual([]));
    await installLater(agency.ids[0]!);
    await eventually(async () => expect(await agency.connected()).toEqual([agency.ids[0]]));
    expect(await agency.hookOf(agency.ids[0]!)).toMatchObject({ id: before.id, state: 'connected' });
  });
});

describe('an agency that removes the app', () => {
  it('ends all its locations, is forgotten itself, and gets none by a late INSTALL', async () => {
    await agency.authorize();
    await agency.choose(agency.ids);
    expect(await agency.connected()).toHaveLength(3);
    agency.connections.simulator.world.uninstallCompany(agency.companyId);
    await eventually(async () => expect(await agency.connected()).toEqual([]));
    expect(await agency.database.query('select from ghl.agencies')).toEqual([]);
    for (const id of agency.ids)
      expect(await agency.hookOf(id)).toMatchObject({ status: 0, access_token: null, state: 'uninstalled' });
    agency.connections.simulator.webhooks.send({
      type: 'INSTALL',
      appId: agency.connections.simulator.appId,
      companyId: agency.companyId,
      locationId: 'LocAddedBefore00001',
      webhookId: 'late-install',
      timestamp: new Date().toISOString(),
    });
    await eventually(async () =>
      expect((await agency.installs())['LocAddedBefore00001']).toBe('parked not_claimed'),
    );
  });
});
