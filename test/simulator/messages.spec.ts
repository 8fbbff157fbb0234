import { createSimulator, type Simulator } from '#apps/simulator/simulator.js';
import { eventually } from '../harness/eventually.js';
import { AppClient, EVERY_SCOPE } from './app-client.js';
import { WebhookTarget } from './webhook-target.js';

const SCOPE = `${EVERY_SCOPE} conversations/message.readonly`;

describe('messages in the simulator', () => {
  let simulator: Simulator;
  let target: WebhookTarget;
  let client: AppClient;
  let locationId: string;
  let contactId: string;
  let path: string;

  beforeEach(async () => {
    target = await WebhookTarget.start();
    simulator = await createSimulator({ webhookUrl: target.url });
    await simulator.listen();
    client = AppClient.installed(simulator, { scope: SCOPE });
    locationId = simulator.locations[0]!.id;
    const contact = {
      firstName: 'Mara',
      lastName: 'Quill',
      email: 'mara@example.test',
      phone: '+14155550142',
    };
    const { body } = await client.call('POST', `/_sim/locations/${locationId}/contacts`, contact);
    contactId = body.contact.id;
    path = `/_sim/locations/${locationId}/contacts/${contactId}/messages`;
    await simulator.webhooks.idle();
    target.received.length = 0;
  });

  afterEach(async () => {
    await simulator.close();
    await target.stop();
  });

  async function write(message: object): Promise<Record<string, unknown>> {
    const { status, body } = await client.call('POST', path, message);
    expect(status).toBe(201);
    await simulator.webhooks.idle();
    return body['message'] as Record<string, unknown>;
  }

  it('are kept as one conversation, and the app is told of each as HighLevel tells it', async () => {
    const asked = await write({ direction: 'inbound', channel: 'SMS', body: 'Can I come on Friday?' });
    const answered = await write({ direction: 'outbound', channel: 'SMS', body: 'Friday works.' });
    const { body } = await client.call('GET', path);
    expect(body['messages']).toEqual([asked, answered]);
    expect(answered['conversationId']).toBe(asked['conversationId']);
    const common = {
      locationId,
      contactId,
      conversationId: asked['conversationId'],
      appId: simulator.appId,
      versionId: simulator.appId,
      attachments: [],
      contentType: 'text/plain',
      messageType: 'SMS',
      messageTypeId: 2,
      messageTypeString: 'TYPE_SMS',
      status: 'delivered',
      timestamp: expect.any(String),
      webhookId: expect.any(String),
    };
    const location = simulator.locations[0]!.phone;
    expect(target.received.map(({ event }) => event)).toEqual([
      {
        ...common,
        type: 'InboundMessage',
        direction: 'inbound',
        messageId: asked['id'],
        body: 'Can I come on Friday?',
        from: '+14155550142',
        to: location,
        dateAdded: asked['dateAdded'],
      },
      {
        ...common,
        type: 'OutboundMessage',
        direction: 'outbound',
        messageId: answered['id'],
        body: 'Friday works.',
        from: location,
        to: '+14155550142',
        userId: answered['userId'],
        source: 'app',
        dateAdded: answered['dateAdded'],
      },
    ]);
    expect(simulator.world.users.get(String(answered['userId']))?.locationIds).toContain(locationId);
    expect(target.received[0]!.headers['x-ghl-signature']).toBeDefined();
  });

  it('by e-mail are HTML with ids of their own, and answers stay in the thread', async () => {
    const first = await write({
      direction: 'inbound',
      channel: 'Email',
      subject: 'Form',
      body: 'Signed <here>\nMara',
    });
    const answer = await write({
      direction: 'outbound',
      channel: 'Email',
      subject: 'Re: Form',
      body: 'Thanks',
    });
    const other = await write({ direction: 'inbound', channel: 'Email', subject: 'Bill', body: 'And this?' });
    const [event] = target.received.map((received) => received.event);
    expect(event).toMatchObject({
      type: 'InboundMessage',
      messageType: 'Email',
      messageTypeString: 'TYPE_EMAIL',
      emailMessageId: first['id'],
      threadId: first['id'],
      subject: 'Form',
      body: '<p>Signed &lt;here&gt;</p><p>Mara</p>',
      from: 'Mara Quill <mara@example.test>',
      to: [simulator.locations[0]!.email],
      cc: [],
      bcc: [],
    });
    expect(Object.keys(event!)).not.toEqual(expect.arrayContaining(['messageId', 'status']));
    expect(answer['threadId']).toBe(first['id']);
    expect(other['threadId']).toBe(other['id']);
  });

  it('are told again, the same bytes, when the app did not take them', async () => {
    simulator.settings.change({ retryTimeFactor: 0.00005 });
    target.answers = [503];
    const { id } = await write({ direction: 'inbound', channel: 'SMS', body: 'Hello?' });
    await eventually(() => {
      expect(target.received).toHaveLength(2);
      return Promise.resolve();
    });
    const [one, again] = target.received;
    expect(again?.raw.equals(one!.raw)).toBe(true);
    expect(again?.event['messageId']).toBe(id);
  });

  it('are not told to an app that was not let in on them', async () => {
    const [, elsewhere] = simulator.locations;
    AppClient.installed(simulator, { location: 1 });
    await simulator.webhooks.idle();
    target.received.length = 0;
    const [contact] = simulator.contacts.list(elsewhere!.id);
    const { status } = await client.call(
      'POST',
      `/_sim/locations/${elsewhere!.id}/contacts/${contact!.id}/messages`,
      { direction: 'inbound', channel: 'SMS', body: 'Nobody hears' },
    );
    expect(status).toBe(201);
    await simulator.webhooks.idle();
    expect(target.types).toEqual([]);
  });

  it.each([
    ['an unknown channel', { direction: 'inbound', channel: 'Fax', body: 'x' }, 422],
    ['an unknown direction', { direction: 'sideways', channel: 'SMS', body: 'x' }, 422],
    ['no text', { direction: 'inbound', channel: 'SMS', body: '' }, 422],
    ['too much text', { direction: 'inbound', channel: 'SMS', body: 'x'.repeat(10_001) }, 422],
    ['a subject that is no text', { direction: 'inbound', channel: 'Email', body: 'x', subject: 1 }, 422],
    [
      'a user of another location',
      { direction: 'outbound', channel: 'SMS', body: 'x', userId: 'nobody' },
      422,
    ],
  ])('with %s are refused', async (_what, message, status) => {
    expect((await client.call('POST', path, message)).status).toBe(status);
    expect((await client.call('GET', path)).body['messages']).toEqual([]);
  });

  it('need an address on the channel, and go with their contact', async () => {
    await write({ direction: 'inbound', channel: 'SMS', body: 'Still here' });
    await client.call('PUT', `/_sim/locations/${locationId}/contacts/${contactId}`, { email: null });
    const mail = { direction: 'outbound', channel: 'Email', body: 'x' };
    expect((await client.call('POST', path, mail)).status).toBe(400);
    await client.call('DELETE', `/_sim/locations/${locationId}/contacts/${contactId}`);
    expect((await client.call('GET', path)).status).toBe(404);
    expect(simulator.world.messages.list(contactId)).toEqual([]);
  });
});
