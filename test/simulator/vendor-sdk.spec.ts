import { GHLError, HighLevel } from '@gohighlevel/api-client';
import { createSimulator, type Simulator } from '#apps/simulator/simulator.js';
import { AppClient, EVERY_SCOPE, REDIRECT_URI } from './app-client.js';
import { WebhookTarget } from './webhook-target.js';

/** Somebody else's client of HighLevel's API: the vendor's own, with nothing changed but the address. */
describe("HighLevel's own SDK", () => {
  let simulator: Simulator;
  let target: WebhookTarget;
  let locationId: string;
  let companyId: string;

  beforeEach(async () => {
    target = await WebhookTarget.start();
    simulator = await createSimulator({ webhookUrl: target.url });
    await simulator.listen();
    ({ id: locationId, companyId } = simulator.locations[0]!);
  });

  afterEach(async () => {
    await simulator.close();
    await target.stop();
  });

  function sdk(config: { locationAccessToken?: string } = {}): HighLevel {
    const { clientId, clientSecret } = simulator;
    const client = new HighLevel({ clientId, clientSecret, logLevel: 'none', ...config });
    client.addRequestInterceptor({
      onFulfilled: (request) => Object.assign(request, { baseURL: simulator.url }),
    });
    return client;
  }

  function connected(): HighLevel {
    const grant = simulator.install({ locationId, scope: EVERY_SCOPE });
    return sdk({ locationAccessToken: String(grant['access_token']) });
  }

  it('exchanges a code, refreshes once, and is refused the second time', async () => {
    const code = (
      await new AppClient(simulator).decide({ decision: 'approve', location_id: locationId })
    ).searchParams.get('code');
    const { clientId, clientSecret } = simulator;
    const first = await sdk().oauth.getAccessToken({
      client_id: clientId,
      client_secret: clientSecret,
      grant_type: 'authorization_code',
      code: code ?? '',
      redirect_uri: REDIRECT_URI,
    });
    expect(first).toMatchObject({ userType: 'Location', locationId, companyId, expires_in: 86_399 });
    const refresh = (): Promise<unknown> =>
      sdk().oauth.refreshToken(
        String(first.refresh_token),
        clientId,
        clientSecret,
        'refresh_token',
        'Location',
      );
    expect(await refresh()).toMatchObject({
      access_token: expect.any(String),
      refresh_token: expect.any(String),
    });
    await expect(refresh()).rejects.toMatchObject({ statusCode: 400 });
  });

  it('creates, reads, changes, tags, finds, upserts and deletes a contact', async () => {
    const ghl = connected();
    const { contact } = await ghl.contacts.createContact({
      locationId,
      firstName: 'Mara',
      email: 'mara@example.test',
    });
    const contactId = String(contact?.id);
    await ghl.contacts.updateContact({ contactId }, { lastName: 'Quill' });
    expect(await ghl.contacts.addTags({ contactId }, { tags: ['vip', 'news'] })).toMatchObject({
      tags: ['vip', 'news'],
    });
    expect(await ghl.contacts.removeTags({ contactId }, { tags: ['news'] })).toMatchObject({ tags: ['vip'] });
    expect(await ghl.contacts.getContact({ contactId })).toMatchObject({
      contact: { id: contactId, firstName: 'Mara', lastName: 'Quill', tags: ['vip'] },
    });
    const upserted = await ghl.contacts.upsertContact({
      locationId,
      email: 'mara@example.test',
      city: 'Oakland',
    });
    expect(upserted).toMatchObject({ new: false, contact: { id: contactId, city: 'Oakland' } });
    const search = { locationId, pageLimit: 20, query: 'mara@example.test' };
    expect(await ghl.contacts.searchContactsAdvanced(search)).toMatchObject({
      total: 1,
      contacts: [{ id: contactId }],
    });
    expect(await ghl.contacts.getDuplicateContact({ locationId, email: 'mara@example.test' })).toMatchObject({
      contact: { id: contactId },
    });
    expect(await ghl.contacts.deleteContact({ contactId })).toMatchObject({ succeded: true });
    await expect(ghl.contacts.getContact({ contactId })).rejects.toBeInstanceOf(GHLError);
  });

  it('gets the duplicate that HighLevel names', async () => {
    const ghl = connected();
    const { contact } = await ghl.contacts.createContact({ locationId, email: 'mara@example.test' });
    await expect(
      ghl.contacts.createContact({ locationId, email: 'mara@example.test' }),
    ).rejects.toMatchObject({
      statusCode: 400,
      response: { meta: { contactId: contact?.id } },
    });
  });

  it('reads the location, its fields, tags and users', async () => {
    const ghl = connected();
    expect(await ghl.locations.getLocation({ locationId })).toMatchObject({ location: { id: locationId } });
    expect(await ghl.locations.getCustomFields({ locationId })).toHaveProperty('customFields');
    expect(await ghl.locations.getLocationTags({ locationId })).toHaveProperty('tags');
    const userId = simulator.world.users.values()[0]!.id;
    expect(await ghl.users.getUser({ userId })).toMatchObject({ id: userId });
  });

  it('verifies the signatures of its webhooks', async () => {
    const ghl = connected();
    await ghl.contacts.createContact({ locationId, email: 'mara@example.test' });
    await simulator.webhooks.idle();
    const delivery = target.received.find(({ event }) => event['type'] === 'ContactCreate')!;
    const signature = String(delivery.headers['x-ghl-signature']);
    expect(ghl.webhooks.verifyEd25519Signature(delivery.raw, signature, simulator.publicKeyPem)).toBe(true);
    expect(
      ghl.webhooks.verifyEd25519Signature(
        Buffer.concat([delivery.raw, Buffer.from(' ')]),
        signature,
        simulator.publicKeyPem,
      ),
    ).toBe(false);
  });
});
