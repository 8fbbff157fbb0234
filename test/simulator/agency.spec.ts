import { createSimulator, type Simulator } from '#apps/simulator/simulator.js';
import { AppClient } from './app-client.js';
import { WebhookTarget } from './webhook-target.js';

describe('an agency in the simulator', () => {
  let simulator: Simulator;
  let target: WebhookTarget;
  let client: AppClient;
  let companyId: string;
  let ids: string[];

  beforeEach(async () => {
    target = await WebhookTarget.start();
    simulator = await createSimulator({ webhookUrl: target.url });
    await simulator.listen();
    client = new AppClient(simulator);
    companyId = simulator.locations[0]!.companyId;
    ids = simulator.locations.map(({ id }) => id);
  });

  afterEach(async () => {
    await simulator.close();
    await target.stop();
  });

  it('answers a Company token for the locations that were chosen, and announces the agency before them', async () => {
    const { body } = await client.authorize({ install_as: 'company', approved_location: [ids[0]!, ids[2]!] });
    expect(body).toMatchObject({
      userType: 'Company',
      companyId,
      isBulkInstallation: true,
      approvedLocations: [ids[0], ids[2]],
      approveAllLocations: false,
    });
    expect('locationId' in body).toBe(false);
    await simulator.webhooks.idle();
    expect(target.received.map(({ event }) => [event['installType'], event['locationId']])).toEqual([
      ['Company', undefined],
      ['Location', ids[0]],
      ['Location', ids[2]],
    ]);
  });

  it('installs in all locations when a script names none', async () => {
    const { body } = await client.authorize({ install_as: 'company' });
    expect(body).toMatchObject({ approvedLocations: ids, approveAllLocations: true });
  });

  it('lists where the app is, under _id, and where it is not', async () => {
    await client.authorize({ install_as: 'company', location_id: ids[1]! });
    const all = await client.call(
      'GET',
      `/oauth/installedLocations?companyId=${companyId}&appId=${simulator.appId}`,
    );
    expect(all.body.count).toBe(3);
    const installed = await client.call(
      'GET',
      `/oauth/installedLocations?companyId=${companyId}&appId=${simulator.appId}&isInstalled=true`,
    );
    expect(installed.body.locations).toEqual([
      expect.objectContaining({ _id: ids[1], isInstalled: true, installedAt: expect.any(String) }),
    ]);
    const missing = await client.call('GET', '/oauth/installedLocations');
    expect(missing.status).toBe(422);
    expect(missing.body.message).toEqual(['companyId should not be empty', 'appId should not be empty']);
  });

  it('mints tokens for its locations, and for those only', async () => {
    await client.authorize({ install_as: 'company', location_id: ids[1]! });
    const minted = await client.form('/oauth/locationToken', { companyId, locationId: ids[1]! });
    expect(minted.status).toBe(200);
    expect(minted.body).toMatchObject({ locationId: ids[1], appId: simulator.appId, expires_in: 86_399 });
    expect(
      (await client.call('POST', '/oauth/locationToken', { companyId, locationId: ids[0] })).status,
    ).toBe(400);
    const location = new AppClient(simulator);
    location.accessToken = minted.body.access_token;
    expect((await location.call('GET', `/locations/${ids[1]!}`)).status).toBe(200);
    expect((await location.refresh(minted.body.refresh_token)).status).toBe(200);
  });

  it('may search and read locations, but no contacts', async () => {
    await client.authorize({ install_as: 'company' });
    const search = await client.call('GET', `/locations/search?companyId=${companyId}&limit=2`);
    expect(search.body.locations).toHaveLength(2);
    const contacts = await client.call('POST', '/contacts/search', { locationId: ids[0], pageLimit: 1 });
    expect(contacts.status).toBe(403);
    expect(contacts.body.error).toBe('Forbidden');
  });

  it('leaves with one event, after which nothing works', async () => {
    const agency = (await client.authorize({ install_as: 'company' })).body;
    await client.call('POST', `/_sim/companies/${companyId}/uninstall`);
    await simulator.webhooks.idle();
    expect(target.received.at(-1)!.event).toMatchObject({ type: 'UNINSTALL', companyId });
    expect('locationId' in target.received.at(-1)!.event).toBe(false);
    expect(target.types.filter((type) => type === 'UNINSTALL')).toHaveLength(1);
    expect((await client.call('GET', `/locations/search`)).status).toBe(401);
    expect((await client.refresh(agency.refresh_token)).status).toBe(400);
  });

  it('lets the app uninstall itself, from a location or from all', async () => {
    await client.authorize({ install_as: 'company' });
    const path = `/marketplace/app/${simulator.appId}/installations`;
    expect((await client.call('DELETE', path, { locationId: ids[0] })).body.success).toBe(true);
    expect(simulator.installations.find('Location', ids[0]!)).toBeUndefined();
    expect(simulator.installations.find('Company', companyId)?.approvedLocations).toEqual([ids[1], ids[2]]);
    expect((await client.call('DELETE', path, { companyId })).body.success).toBe(true);
    expect(simulator.installations.list()).toEqual([]);
  });

  it('tells the installer of a location nothing about the agency', async () => {
    const location = AppClient.installed(simulator);
    const answer = await location.call('GET', `/marketplace/app/${simulator.appId}/installations`);
    expect(answer.body.installationDetails).toMatchObject({
      companyId,
      locationId: ids[0],
      companyEmail: null,
    });
    expect((await location.call('GET', '/marketplace/app/other/installations')).status).toBe(404);
  });
});
