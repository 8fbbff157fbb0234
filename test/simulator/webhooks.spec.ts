import { createHmac, createPublicKey, verify } from 'node:crypto';
import { createSimulator, type Simulator } from '#apps/simulator/simulator.js';
import { eventually } from '../harness/eventually.js';
import { AppClient } from './app-client.js';
import { WebhookTarget } from './webhook-target.js';

describe('the webhooks of the simulator', () => {
  let simulator: Simulator;
  let target: WebhookTarget;
  let client: AppClient;
  let locationId: string;

  beforeEach(async () => {
    target = await WebhookTarget.start();
    simulator = await createSimulator({
      webhookUrl: target.url,
      webhookSecret: 'shared secret',
      settings: { retryTimeFactor: 0.00005 },
    });
    await simulator.listen();
    client = AppClient.installed(simulator);
    locationId = simulator.locations[0]!.id;
    await simulator.webhooks.idle();
    target.received.length = 0;
  });

  afterEach(async () => {
    await simulator.close();
    await target.stop();
  });

  const createContact = async (fields: object): Promise<string> =>
    (await client.call('POST', '/contacts/', { locationId, ...fields })).body.contact.id;

  it('tell the app of its own changes, flat, with app, time and a delivery id, and without empty fields', async () => {
    const id = await createContact({ firstName: 'Mara', email: 'mara@example.test', tags: ['vip'] });
    await simulator.webhooks.idle();
    const { event } = target.received[0]!;
    expect(event).toEqual({
      type: 'ContactCreate',
      locationId,
      appId: '6a10c0ffee5ca1ab1e000001',
      versionId: '6a10c0ffee5ca1ab1e000001',
      id,
      name: 'Mara',
      firstName: 'Mara',
      email: 'mara@example.test',
      tags: ['vip'],
      customFields: [],
      dnd: false,
      dateAdded: expect.any(String),
      attachments: [],
      timestamp: expect.any(String),
      webhookId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('raise one event for each thing a change touched, and none for no change', async () => {
    const id = await createContact({ email: 'touched@example.test' });
    await client.call('PUT', `/contacts/${id}`, {
      city: 'Oakland',
      tags: ['new'],
      dndSettings: { SMS: { status: 'active' } },
    });
    await client.call('PUT', `/contacts/${id}`, { city: 'Oakland' });
    await client.call('DELETE', `/contacts/${id}`);
    await simulator.webhooks.idle();
    expect(target.types).toEqual([
      'ContactCreate',
      'ContactUpdate',
      'ContactTagUpdate',
      'ContactDndUpdate',
      'ContactDelete',
    ]);
    expect(target.received[3]!.event).toMatchObject({
      id,
      dnd: false,
      dndSettings: { SMS: { status: 'active' } },
    });
    expect('tags' in target.received[3]!.event).toBe(false);
  });

  it('arrive in the order things happened', async () => {
    const id = await createContact({ email: 'order@example.test' });
    for (let turn = 0; turn < 20; turn += 1)
      await client.call('PUT', `/contacts/${id}`, { city: `Turn ${turn}` });
    await simulator.webhooks.idle();
    expect(target.received.slice(1).map(({ event }) => event['city'])).toEqual(
      Array.from({ length: 20 }, (_, turn) => `Turn ${turn}`),
    );
  });

  it('are silent about locations without the app, without the scope, and suspended ones', async () => {
    const add = (index: number): Promise<unknown> =>
      client.call('POST', `/_sim/locations/${simulator.locations[index]!.id}/contacts`, {
        firstName: 'Quiet',
      });
    await add(1);
    AppClient.installed(simulator, { location: 2, scope: 'locations.readonly' });
    await add(2);
    await client.call('POST', `/_sim/locations/${locationId}/suspend`);
    await add(0);
    await simulator.webhooks.idle();
    expect(target.types).toEqual(['INSTALL']);
  });

  it('announce an uninstall with the location', async () => {
    await client.call('POST', `/_sim/locations/${locationId}/uninstall`);
    await simulator.webhooks.idle();
    expect(target.received[0]!.event).toMatchObject({ type: 'UNINSTALL', locationId });
    expect((await client.call('POST', `/_sim/locations/${locationId}/uninstall`)).status).toBe(404);
  });

  describe('signatures', () => {
    it('are Ed25519 over the raw bytes', async () => {
      await createContact({ firstName: 'Sig', lastName: 'ناتشر ✍️' });
      await simulator.webhooks.idle();
      const { raw, headers } = target.received[0]!;
      const signature = Buffer.from(String(headers['x-ghl-signature']), 'base64');
      const key = createPublicKey(simulator.publicKeyPem);
      expect(signature).toHaveLength(64);
      expect(verify(null, raw, key, signature)).toBe(true);
      expect(verify(null, Buffer.concat([raw, Buffer.from(' ')]), key, signature)).toBe(false);
      expect(headers['x-wh-signature']).toBeUndefined();
      expect(headers['content-type']).toBe('application/json');
    });

    it('cover the exact bytes of an event that no serialiser would write', async () => {
      const body = '{ "type":"ContactCreate", "id" : 1e2,\n"id":"x\\u0000", "locationId":"y" }';
      simulator.webhooks.send(body);
      await simulator.webhooks.idle();
      const { raw, headers } = target.received[0]!;
      expect(raw.toString()).toBe(body);
      const signature = Buffer.from(String(headers['x-ghl-signature']), 'base64');
      expect(verify(null, raw, createPublicKey(simulator.publicKeyPem), signature)).toBe(true);
    });

    it('are HMAC, RSA, both, N/A or none on request', async () => {
      const rsaKey = createPublicKey(await simulator.rsaPublicKeyPem());
      const headersUnder = async (
        signatureScheme: string,
      ): Promise<[string | undefined, string | undefined, Buffer]> => {
        simulator.settings.change({ signatureScheme });
        simulator.webhooks.send({ type: 'Test', signatureScheme });
        await simulator.webhooks.idle();
        const { headers, raw } = target.received.at(-1)!;
        return [
          headers['x-ghl-signature'] as string | undefined,
          headers['x-wh-signature'] as string | undefined,
          raw,
        ];
      };
      const hmac = (raw: Buffer): Buffer => createHmac('sha256', 'shared secret').update(raw).digest();
      const isRsa = (raw: Buffer, signature: string | undefined): boolean =>
        verify('sha256', raw, rsaKey, Buffer.from(signature ?? '', 'base64'));

      const [hex, , hexRaw] = await headersUnder('hmac');
      expect(hex).toBe(hmac(hexRaw).toString('hex'));
      const [base64, , base64Raw] = await headersUnder('hmac-base64');
      expect(base64).toBe(hmac(base64Raw).toString('base64'));
      const [noGhl, rsa, rsaRaw] = await headersUnder('rsa');
      expect([noGhl, rsa?.length, isRsa(rsaRaw, rsa)]).toEqual([undefined, 684, true]);
      const [ed25519, alsoRsa, bothRaw] = await headersUnder('both');
      expect([ed25519?.length, isRsa(bothRaw, alsoRsa)]).toEqual([88, true]);
      const [notAvailable, withNa, naRaw] = await headersUnder('rsa-na');
      expect([notAvailable, isRsa(naRaw, withNa)]).toEqual(['N/A', true]);
      expect((await headersUnder('na')).slice(0, 2)).toEqual(['N/A', undefined]);
      expect((await headersUnder('none')).slice(0, 2)).toEqual([undefined, undefined]);
    });
  });

  describe('retries', () => {
    const stateAfter = async (retryPolicy: string, answers: number[], state: string): Promise<number[]> => {
      simulator.settings.change({ retryPolicy });
      target.answers = [...answers];
      const { id } = simulator.webhooks.send({ type: 'Test' });
      return eventually(() => {
        const delivery = simulator.webhooks.find(id)!;
        expect(delivery.state).toBe(state);
        return Promise.resolve(delivery.attempts.map(({ status }) => status));
      });
    };

    it('under the older text follow a 429 six times at most, and nothing else', async () => {
      expect(await stateAfter('only-429', [429, 429, 200], 'delivered')).toEqual([429, 429, 200]);
      expect(await stateAfter('only-429', Array<number>(9).fill(429), 'failed')).toHaveLength(7);
      target.answers = [];
      expect(await stateAfter('only-429', [500], 'failed')).toEqual([500]);
      expect(await stateAfter('only-429', [429, 500], 'failed')).toEqual([429, 500]);
    });

    it('under the newer text follow other failures, too, with the same bytes and delivery id', async () => {
      expect(await stateAfter('backoff', [500, 401, 429, 204], 'delivered')).toEqual([500, 401, 429, 204]);
      expect(new Set(target.received.map(({ raw }) => raw.toString())).size).toBe(1);
    });

    it('stop when three days of backing off are over', async () => {
      simulator.settings.change({ retryTimeFactor: 0 });
      const attempts = await stateAfter('backoff', Array<number>(50).fill(503), 'failed');
      expect(attempts).toHaveLength(13);
    });

    it('do not hold up what comes after', async () => {
      simulator.settings.change({ retryPolicy: 'backoff', retryTimeFactor: 0.003 });
      target.answers = [500];
      simulator.webhooks.send({ type: 'First' });
      simulator.webhooks.send({ type: 'Second' });
      await eventually(() => {
        expect(target.types).toEqual(['First', 'Second', 'First']);
        return Promise.resolve();
      });
    });

    it('follow a refused connection and a silent target', async () => {
      simulator.settings.change({ retryPolicy: 'never', webhookUrl: 'http://127.0.0.1:9/' });
      const { id } = simulator.webhooks.send({ type: 'Test' });
      await simulator.webhooks.idle();
      expect(simulator.webhooks.find(id)).toMatchObject({
        state: 'failed',
        attempts: [{ status: 0, error: expect.any(String) }],
      });
    });
  });

  it('are listed newest first, page by page, and sent again by hand', async () => {
    await createContact({ email: 'log@example.test' });
    await simulator.webhooks.idle();
    const { body } = await client.call('GET', '/_sim/webhooks?limit=1');
    expect(body.total).toBe(2);
    expect(body.deliveries).toEqual([
      expect.objectContaining({ type: 'ContactCreate', state: 'delivered', locationId }),
    ]);
    const delivery = body.deliveries[0]!;
    expect((await client.call('POST', `/_sim/webhooks/${delivery.id}/redeliver`)).status).toBe(200);
    await simulator.webhooks.idle();
    expect(target.received.map(({ event }) => event['webhookId'])).toEqual([delivery.id, delivery.id]);
    expect(simulator.webhooks.find(delivery.id)?.attempts).toHaveLength(2);
    expect((await client.call('POST', '/_sim/webhooks/none/redeliver')).status).toBe(404);
  });

  it('can be made by hand', async () => {
    const { status } = await client.call('POST', '/_sim/webhooks', { type: 'InboundMessage', locationId });
    expect(status).toBe(201);
    await simulator.webhooks.idle();
    expect(target.types).toEqual(['InboundMessage']);
    expect((await client.call('POST', '/_sim/webhooks', {})).status).toBe(422);
  });
});
