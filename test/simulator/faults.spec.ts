import { setTimeout as sleep } from 'node:timers/promises';
import { createSimulator, type Simulator } from '#apps/simulator/simulator.js';
import { holdCall } from '../harness/held-call.js';
import { AppClient } from './app-client.js';
import { WebhookTarget } from './webhook-target.js';

describe('the faults of the simulator', () => {
  let simulator: Simulator;
  let target: WebhookTarget;
  let client: AppClient;
  let locationId: string;

  beforeEach(async () => {
    target = await WebhookTarget.start();
    simulator = await createSimulator({ webhookUrl: target.url });
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

  const readLocation = (): ReturnType<AppClient['call']> => client.call('GET', `/locations/${locationId}`);
  const contactCount = (): number => simulator.contacts.list(locationId).length;

  it('strike the calls they name, as often as they are told to, after those that may pass', async () => {
    simulator.faults.add({
      kind: 'status',
      status: 503,
      method: 'get',
      path: '/locations',
      times: 2,
      skip: 1,
    });
    const statuses: number[] = [];
    for (let call = 0; call < 4; call += 1) statuses.push((await readLocation()).status);
    expect(statuses).toEqual([200, 503, 503, 200]);
    expect(simulator.faults.list()).toEqual([]);
  });

  it('answer a status with a body of choice, or in the API’s own words', async () => {
    simulator.faults.add({ kind: 'status', body: { odd: true } });
    simulator.faults.add({ kind: 'status' });
    const chosen = await readLocation();
    expect([chosen.status, chosen.body]).toEqual([500, { odd: true }]);
    const own = await readLocation();
    expect(own.body).toMatchObject({ statusCode: 500, message: 'Internal server error' });
  });

  it('answer 429 with a pause', async () => {
    simulator.faults.add({ kind: 'rate_limit', retryAfter: 7 });
    const { status, headers } = await readLocation();
    expect([status, headers.get('retry-after'), headers.get('x-ratelimit-remaining')]).toEqual([
      429,
      '7',
      '0',
    ]);
  });

  it('delay an answer', async () => {
    simulator.faults.add({ kind: 'delay', delayMs: 150 });
    const started = performance.now();
    expect((await readLocation()).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(140);
  });

  it('delay an answer no longer than until they are cleared', async () => {
    const held = holdCall(simulator.faults, { path: '/locations/' });
    const reading = readLocation();
    await held.arrived();
    expect(await Promise.race([reading.then(() => 'answered'), sleep(200, 'held')])).toBe('held');
    held.letGo();
    expect((await reading).status).toBe(200);
  });

  it('drop the connection before anything was done', async () => {
    simulator.faults.add({ kind: 'drop_connection' });
    const before = contactCount();
    await expect(
      client.call('POST', '/contacts/', { locationId, email: 'x@example.test' }),
    ).rejects.toThrow();
    expect(contactCount()).toBe(before);
    expect(simulator.requests.list().at(-1)).toMatchObject({ status: 0, fault: 'drop_connection' });
  });

  it('lose the answer of what was done', async () => {
    simulator.faults.add({ kind: 'lose_answer' });
    const before = contactCount();
    await expect(
      client.call('POST', '/contacts/', { locationId, email: 'x@example.test' }),
    ).rejects.toThrow();
    expect(contactCount()).toBe(before + 1);
    expect(simulator.requests.list().at(-1)).toMatchObject({ status: 201, fault: 'lose_answer' });
  });

  it('make an answer unreadable', async () => {
    simulator.faults.add({ kind: 'garbage' });
    await expect(readLocation()).rejects.toThrow(SyntaxError);
  });

  it('revoke the token of the call, so that a refresh helps', async () => {
    const { body } = await client.authorize({ location_id: locationId });
    simulator.faults.add({ kind: 'revoke_token' });
    expect((await readLocation()).status).toBe(401);
    expect((await readLocation()).status).toBe(401);
    client.accessToken = (await client.refresh(body.refresh_token)).body.access_token;
    expect((await readLocation()).status).toBe(200);
  });

  it('say that the location is not active, without using the refresh token up', async () => {
    const { body } = await client.authorize({ location_id: locationId });
    simulator.faults.add({ kind: 'location_not_active', path: '/oauth/token' });
    expect((await client.refresh(body.refresh_token)).body.message).toBe('Location is not active');
    expect((await client.refresh(body.refresh_token)).status).toBe(200);
  });

  it('lose the answer of a refresh, after which the old token is dead', async () => {
    const { body } = await client.authorize({ location_id: locationId });
    simulator.faults.add({ kind: 'lose_answer', path: '/oauth/token' });
    await expect(client.refresh(body.refresh_token)).rejects.toThrow();
    expect((await client.refresh(body.refresh_token)).body.message).toBe(
      'Invalid grant: refresh token is invalid',
    );
  });

  it('deliver a webhook twice, late or never', async () => {
    const send = (type: string): unknown => simulator.webhooks.send({ type });
    simulator.faults.replace([
      { kind: 'webhook_duplicate', event: 'A' },
      { kind: 'webhook_reorder', event: 'B' },
      { kind: 'webhook_drop', event: 'D' },
    ]);
    for (const type of ['A', 'B', 'C', 'D', 'E']) send(type);
    await simulator.webhooks.idle();
    expect(target.types).toEqual(['A', 'A', 'C', 'B', 'E']);
    const [first, second] = target.received;
    expect(first!.raw.equals(second!.raw)).toBe(true);
  });

  it('let a webhook go that nothing overtakes', async () => {
    simulator.faults.add({ kind: 'webhook_reorder' });
    simulator.webhooks.send({ type: 'Alone' });
    await simulator.webhooks.idle();
    expect(target.types).toEqual(['Alone']);
  });

  it('never strike the control API or the consent page', async () => {
    simulator.faults.add({ kind: 'status', times: 100 });
    expect((await client.call('GET', '/_sim/locations')).status).toBe(200);
    expect((await fetch(client.consentUrl())).status).toBe(200);
  });

  it('are listed, replaced and cleared through the control API, whole or not at all', async () => {
    const put = await client.call('PUT', '/_sim/faults', {
      faults: [{ kind: 'delay', delayMs: 5, times: 3 }],
    });
    expect(put.body.faults).toEqual([expect.objectContaining({ kind: 'delay', times: 3, skip: 0 })]);
    const wrong = await client.call('PUT', '/_sim/faults', {
      faults: [{ kind: 'garbage' }, { kind: 'x', times: -1 }],
    });
    expect(wrong.status).toBe(422);
    expect(wrong.body.message).toHaveLength(2);
    expect((await client.call('GET', '/_sim/faults')).body.faults).toHaveLength(1);
    expect((await client.call('DELETE', '/_sim/faults')).body.faults).toEqual([]);
    expect((await client.call('PUT', '/_sim/faults', {})).status).toBe(422);
  });
});
