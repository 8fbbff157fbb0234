import { eventually } from '../harness/eventually.js';
import { IMPORTS, useImports, type ShownImport } from './import-fixture.js';

const imports = useImports();
const { database } = imports;

async function failuresOf(importId: number, names: readonly string[]): Promise<void> {
  await database.query(
    `insert into ghl.import_failures (import_id, ghl_contact_id, name, reason)
     select $1, 'Con' || n, name, 'value_not_storable' from unnest($2::text[]) with ordinality as f (name, n)`,
    [importId, names],
  );
}

describe('ordering an import', () => {
  it.each([
    [{ selection: 'everything' }, ['selection']],
    [{ selection: 'tag' }, ['tag']],
    [{ selection: 'tag', tag: '' }, ['tag']],
    [{ selection: 'since' }, ['since']],
    [{ selection: 'since', since: 'yesterday' }, ['since']],
    [{ selection: 'since', since: '2026-11-01' }, ['since']],
    [{ dry_run: 'yes' }, ['dry_run']],
    [{ direction: 'up' }, ['direction']],
    [{ dryrun: true }, ['dryrun']],
    [{ location_id: 7 }, ['location_id']],
  ])('refuses %j', async (body, attributes) => {
    const { status, body: answer } = await imports.call('POST', '', { body });
    expect(status).toBe(422);
    expect(answer).toMatchObject({ code: 'validation_failed', attributes });
    expect(await database.query('select from ghl.imports')).toEqual([]);
  });

  it('takes one at a time of a location, and says which one is under way', async () => {
    const { id } = await imports.order();
    expect(await imports.call('POST', '', { body: {} })).toMatchObject({
      status: 409,
      body: {
        code: 'conflict',
        error: 'An import of this location is under way',
        details: { import_id: id },
      },
    });
    await imports.call('DELETE', `/${id}`);
    expect((await imports.order()).id).not.toBe(id);
  });

  it('of many at once lets one through', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => imports.call('POST', '', { body: {} })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(9).fill(409)]);
  });

  it('asks which location where there are several, and takes no other', async () => {
    await imports.site.connections.connect({ hooks: imports.site.api.hooks }, { location: 1 });
    expect(await imports.call('POST', '', { body: {} })).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    });
    const location_id = imports.site.connections.locationId(1);
    expect(await imports.order({ location_id })).toMatchObject({ location_id });
    const another = await imports.call('POST', '', { body: { location_id: 'LocOfNobody' } });
    expect(another).toMatchObject({ status: 404, body: { code: 'not_connected' } });
  });

  it('needs a connection', async () => {
    await database.query('delete from integrations_hooks');
    expect(await imports.call('POST', '', { body: {} })).toMatchObject({
      status: 404,
      body: { code: 'not_connected' },
    });
  });

  it('leaves a row in the audit log, as every command does', async () => {
    const { id } = await imports.order({ dry_run: true });
    for (const command of ['pause', 'pause', 'resume']) await imports.call('POST', `/${id}/${command}`);
    await imports.call('DELETE', `/${id}`);
    const rows = await database.query<{ action: string; details: object }>(
      `select action, details from ghl.audit_events where action like 'import.%' order by id desc limit 4`,
    );
    expect(rows.map(({ action }) => action)).toEqual([
      'import.cancel',
      'import.resume',
      'import.pause', // the second one changed nothing
      'import.start',
    ]);
    expect(rows.at(-1)?.details).toMatchObject({ import_id: id, dry_run: true, selection: 'all' });
  });
});

describe('imports', () => {
  it('are listed newest first, a page at a time', async () => {
    for (let n = 0; n < 3; n += 1) await imports.run();
    const first = await imports.call('GET', '?limit=2');
    expect(first.body).toMatchObject({ payload: [{ id: 3 }, { id: 2 }], meta: { next_before: 2 } });
    const second = await imports.call('GET', '?limit=2&before=2');
    expect(second.body).toMatchObject({ payload: [{ id: 1 }], meta: { next_before: null } });
  });

  it('of other accounts do not exist, and agents see none', async () => {
    const { id } = await imports.order();
    await database.query('update ghl.imports set account_id = 2');
    for (const [method, path] of [
      ['GET', `/${id}`],
      ['GET', `/${id}/events`],
      ['GET', `/${id}/failures`],
      ['GET', `/${id}/failures.csv`],
      ['POST', `/${id}/pause`],
      ['DELETE', `/${id}`],
    ] as const) {
      expect(await imports.call(method, path)).toMatchObject({ status: 404, body: { code: 'not_found' } });
      expect(await imports.call(method, path, { as: 'agent' })).toMatchObject({
        status: 401,
        body: { code: 'not_authorized' },
      });
    }
    expect((await imports.call('GET')).body).toMatchObject({ payload: [] });
    expect(await database.query('select state from ghl.imports')).toEqual([{ state: 'queued' }]);
  });

  it('that have ended take no command', async () => {
    const { id } = await imports.run();
    for (const command of ['pause', 'resume'])
      expect(await imports.call('POST', `/${id}/${command}`)).toMatchObject({
        status: 409,
        body: { code: 'conflict', details: { state: 'completed' } },
      });
  });

  it('that failed can be resumed, unless another one is under way', async () => {
    const { id } = await imports.order();
    await database.query(
      `update ghl.imports set state = 'failed', reason = 'forbidden', finished_at = now()`,
    );
    const { id: another } = await imports.order();
    expect(await imports.call('POST', `/${id}/resume`)).toMatchObject({
      status: 409,
      body: { details: { import_id: another } },
    });
    await imports.call('DELETE', `/${another}`);
    expect((await imports.call('POST', `/${id}/resume`)).body).toMatchObject({
      payload: { state: 'queued', reason: null, finished_at: null },
    });
  });
});

describe('failures', () => {
  it('come in pages, oldest first', async () => {
    const { id } = await imports.order();
    await failuresOf(
      id,
      Array.from({ length: 130 }, (_, n) => `Person ${n}`),
    );
    const first = await imports.call('GET', `/${id}/failures`);
    const { payload, meta } = first.body as { payload: { name: string }[]; meta: { next_after: number } };
    expect(payload).toHaveLength(100);
    const second = await imports.call('GET', `/${id}/failures?after=${meta.next_after}`);
    expect((second.body['payload'] as object[]).length).toBe(30);
    expect(second.body['meta']).toEqual({ next_after: null });
    expect((await imports.call('GET', `/${id}/failures?after=x`)).status).toBe(422);
  });

  it('can be downloaded whole, and start no formula', async () => {
    const { id } = await imports.order();
    const names = [
      '=1+1',
      '@sum',
      'Quill, "Mara"\nof Oslo',
      ...Array.from({ length: 1_200 }, (_, n) => `P${n}`),
    ];
    await failuresOf(id, names);
    const file = await imports.call('GET', `/${id}/failures.csv`);
    expect(file.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(file.headers.get('content-disposition')).toBe(`attachment; filename="import-${id}-failures.csv"`);
    const lines = file.text.split('\r\n');
    expect(lines.slice(0, 4)).toEqual([
      'ghl_contact_id,name,reason',
      `Con1,'=1+1,A value cannot be stored`,
      `Con2,'@sum,A value cannot be stored`,
      `Con3,"Quill, ""Mara""\nof Oslo",A value cannot be stored`,
    ]);
    expect(lines).toHaveLength(names.length + 2);
  });
});

describe('watching an import', () => {
  async function watch(
    id: number,
  ): Promise<{ response: Response; messages: () => AsyncGenerator<ShownImport> }> {
    const response = await fetch(`${imports.site.api.url}${IMPORTS}/${id}/events`, {
      headers: { api_access_token: imports.site.api.tokenOf('admin') },
    });
    async function* messages(): AsyncGenerator<ShownImport> {
      let text = '';
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk as Uint8Array).toString();
        const parts = text.split('\n\n');
        text = parts.pop() ?? '';
        for (const part of parts) {
          const data = /^data: (.*)$/m.exec(part)?.[1];
          if (data !== undefined) yield JSON.parse(data) as ShownImport;
        }
      }
    }
    return { response, messages };
  }

  it('tells how it gets on, and ends with it', async () => {
    imports.site.seed(600);
    const { id } = await imports.order();
    const { response, messages } = await watch(id);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const told: ShownImport[] = [];
    for await (const message of messages()) {
      if (told.length === 0) await imports.look();
      told.push(message);
    }
    expect(told[0]).toMatchObject({ id, state: 'queued', done: 0 });
    expect(told.at(-1)).toEqual(await imports.show(id));
    expect(told.at(-1)).toMatchObject({ state: 'completed', done: 600, total: 600 });
  });

  it('ends when the client goes away, and is bounded', async () => {
    const { id } = await imports.order();
    const streams = await Promise.all(Array.from({ length: 50 }, () => watch(id)));
    expect(new Set(streams.map(({ response }) => response.status))).toEqual(new Set([200]));
    expect(await imports.call('GET', `/${id}/events`)).toMatchObject({
      status: 429,
      body: { code: 'throttled' },
    });
    await Promise.all(streams.map(async ({ response }) => response.body?.cancel()));
    await eventually(async () => {
      const { response } = await watch(id);
      await response.body?.cancel();
      expect(response.status).toBe(200);
    });
  });

  it('does not keep the service from stopping', async () => {
    const { id } = await imports.order();
    const another = await imports.site.anotherApi();
    const response = await fetch(`${another.url}${IMPORTS}/${id}/events`, {
      headers: { api_access_token: imports.site.api.tokenOf('admin') },
    });
    const reader = response.body!.getReader();
    await reader.read();
    await another.stop();
    while (!(await reader.read()).done);
  });
});
