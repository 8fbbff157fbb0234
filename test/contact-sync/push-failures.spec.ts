import { sayFailure } from '#libs/queue';
import { useDatabase } from '../harness/database.js';
import { holdCall } from '../harness/held-call.js';
import { TwoSides, uniqueEmail } from './two-sides.js';

describe('a push that fails', () => {
  const db = useDatabase();
  let sides: TwoSides;

  beforeAll(async () => {
    sides = await TwoSides.open(db.source);
  });
  afterAll(() => sides.close());
  beforeEach(() => sides.reset());

  const due = (): Promise<unknown> =>
    db.source.query(`update ghl.outbox set next_attempt_at = now() where state = 'failed'`);

  it.each([
    ['a server error', { kind: 'status', status: 500 }],
    ['a dropped connection', { kind: 'drop_connection' }],
    ['an answer that got lost', { kind: 'lose_answer' }],
    ['an answer that is none', { kind: 'garbage' }],
  ] as const)('by %s, is tried again, and makes one contact', async (_, fault) => {
    const email = uniqueEmail();
    sides.simulator.faults.add({ ...fault, method: 'POST', path: '/contacts/upsert' });
    await sides.create({ name: 'Mara', email });
    await sides.push();
    expect(await sides.outbox()).toMatchObject([
      { state: 'failed', attempts: 1, last_error: expect.any(String) },
    ]);
    await sides.push(); // not yet due
    expect(await sides.outbox()).toMatchObject([{ state: 'failed', attempts: 1 }]);
    await due();
    await sides.settle();
    expect(await sides.outbox()).toMatchObject([{ state: 'done', attempts: 2 }]);
    expect(
      sides.simulator.contacts.list(sides.locationId).filter((contact) => contact.email === email),
    ).toHaveLength(1);
    expect(await sides.contacts()).toHaveLength(1);
  });

  it('keeps later changes of the same contact behind it, and those of others going', async () => {
    const [one, two] = [await sides.linked(), await sides.linked()];
    sides.simulator.faults.add({
      kind: 'status',
      status: 500,
      method: 'PUT',
      path: `/contacts/${one.ghlId}`,
    });
    await sides.edit(one.id, { name: 'First' });
    await sides.push();
    await sides.edit(one.id, { name: 'Second' });
    await sides.edit(two.id, { name: 'Other' });
    await sides.push();
    expect(await sides.outbox()).toMatchObject([
      { contact_id: one.id, state: 'failed' },
      { contact_id: one.id, state: 'pending', attempts: 0 },
      { contact_id: two.id, state: 'done' },
    ]);
    await due();
    await sides.settle();
    expect(sides.there(one.ghlId)).toMatchObject({ firstName: 'Second' });
    expect(sides.simulator.requests.count('PUT', `/contacts/${one.ghlId}`)).toBe(2); // both rows in one call
  });

  it('for good, says why', async () => {
    const { id } = await sides.linked();
    sides.simulator.faults.add({
      kind: 'status',
      method: 'PUT',
      status: 422,
      body: { statusCode: 422, message: ['website must be a URL'] },
    });
    await sides.edit(id, { additionalAttributes: { website: 'no url' } });
    await sides.settle();
    expect(await sides.outbox()).toMatchObject([
      {
        state: 'dead',
        reason: 'refused_by_highlevel',
        last_error: expect.stringContaining('website must be a URL'),
      },
    ]);
  });

  it.each(['suspended', 'reauthorization_required'])(
    'because the connection is %s, waits and is sent when it is well',
    async (state) => {
      const { id, ghlId } = await sides.linked();
      await db.source.query('update ghl.connections set state = $1', [state]);
      await sides.edit(id, { name: 'Maria' });
      await sides.push();
      expect(await sides.outbox()).toMatchObject([{ state: 'pending', attempts: 0 }]);
      await db.source.query(`update ghl.connections set state = 'connected'`);
      await sides.settle();
      expect(sides.there(ghlId)).toMatchObject({ firstName: 'Maria' });
    },
  );

  it('is given back when a worker died with it', async () => {
    const { id, ghlId } = await sides.linked();
    await sides.edit(id, { name: 'Maria' });
    await db.source.query(
      `update ghl.outbox set state = 'processing', attempts = 1, lease_token = gen_random_uuid(), lease_until = now() - interval '1 second'`,
    );
    await sides.push();
    expect(sides.there(ghlId)).toMatchObject({ firstName: 'Maria' });
    expect(await sides.outbox()).toMatchObject([{ state: 'done', attempts: 2 }]);
  });

  it('is left alone while another worker holds it', async () => {
    const { id } = await sides.linked();
    await sides.edit(id, { name: 'Maria' });
    await db.source.query(
      `update ghl.outbox set state = 'processing', lease_token = gen_random_uuid(), lease_until = now() + interval '1 minute'`,
    );
    await sides.edit(id, { name: 'Mia' });
    await sides.push();
    expect(await sides.outbox()).toMatchObject([{ state: 'processing' }, { state: 'pending' }]);
  });

  it('does not stand when the lease ran out over the call', async () => {
    const { id } = await sides.linked();
    const call = holdCall(sides.simulator.faults, { method: 'PUT' });
    await sides.edit(id, { name: 'Maria' });
    const pushing = sides.push();
    await call.arrived();
    await db.source.query(
      `update ghl.outbox set lease_token = gen_random_uuid(), lease_until = now() + interval '1 minute'`,
    );
    call.letGo();
    await pushing;
    expect(await sides.outbox()).toMatchObject([{ state: 'processing', reason: null }]);
    expect((await sides.links())[0]?.snapshot).toMatchObject({ firstName: 'Mara' });
  });

  it('keeps HighLevel’s words as far as they can be stored', async () => {
    const { id } = await sides.linked();
    const message = `no\u0000 \ud800 ${'too long '.repeat(200)}`;
    sides.simulator.faults.add({
      kind: 'status',
      method: 'PUT',
      status: 422,
      body: { statusCode: 422, message },
    });
    await sides.edit(id, { name: 'Maria' });
    await sides.settle();
    const [row] = await sides.outbox();
    expect(row).toMatchObject({ state: 'dead', reason: 'refused_by_highlevel' });
    const said = sayFailure('en', row?.last_error ?? '');
    expect(said).toMatch(/^HighLevel refused the values \(PUT .* 422\): no too long/);
    expect(said).toHaveLength(300);
  });

  it('for good leaves the contact free for its next change', async () => {
    const { id, ghlId } = await sides.linked();
    sides.simulator.faults.add({ kind: 'status', method: 'PUT', status: 403 });
    await sides.edit(id, { name: 'Maria' });
    await sides.settle();
    await sides.edit(id, { additionalAttributes: { city: 'Oakland' } });
    await sides.settle();
    expect(sides.there(ghlId)).toMatchObject({ firstName: 'Maria', city: 'Oakland' });
    expect(await sides.outbox()).toMatchObject([{ state: 'dead' }, { state: 'done' }]);
  });

  it('when its lease is gone already leaves the rows to whoever has them', async () => {
    const { id } = await sides.linked();
    const call = holdCall(sides.simulator.faults, { method: 'PUT' });
    sides.simulator.faults.add({ kind: 'status', method: 'PUT', status: 422 });
    await sides.edit(id, { name: 'Maria' });
    const pushing = sides.push();
    await call.arrived();
    await db.query(
      `update ghl.outbox set lease_token = gen_random_uuid(), lease_until = now() + interval '1 minute'`,
    );
    call.letGo();
    await pushing;
    expect(await sides.outbox()).toMatchObject([{ state: 'processing', reason: null, last_error: null }]);
  });

  // The last one: the rate budget of this process stays empty for the rest of HighLevel's 10 seconds.
  it('waits as long as HighLevel says', async () => {
    const { id } = await sides.linked();
    sides.simulator.faults.add({ kind: 'rate_limit', method: 'PUT', retryAfter: 4 });
    await sides.edit(id, { name: 'Maria' });
    await sides.push();
    const [row] = await db.source.query(
      `select state, attempts, extract(epoch from next_attempt_at - now())::float as wait from ghl.outbox`,
    );
    expect(row).toMatchObject({ state: 'failed', attempts: 0 });
    expect(row.wait).toBeGreaterThan(2); // a first failure would wait for a second at most
  });
});
