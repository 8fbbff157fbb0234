import { ContactSyncHttpModule, ContactSyncWorkerModule } from '#libs/contact-sync';
import { useDatabase } from '../harness/database.js';
import { type Answer } from '../integrations/api-fixture.js';
import { LocationFixture } from '../integrations/location-fixture.js';

const PATH = '/api/v1/accounts/1/integrations/ghl/mapping';

interface ShownField {
  readonly field: string;
  readonly name: string;
  readonly deskflow: string;
  readonly direction: string;
  readonly [key: string]: unknown;
}

const database = useDatabase();
let site: LocationFixture;
let hookId: number;
let budget: string;

beforeAll(async () => {
  site = await LocationFixture.start(database.source, {
    api: [ContactSyncHttpModule],
    worker: [ContactSyncWorkerModule],
  });
  budget = site.connections.simulator.world.customFields
    .values()
    .find(({ locationId, dataType }) => locationId === site.location.id && dataType === 'NUMERICAL')!.id;
});
beforeEach(async () => {
  hookId = await site.reset();
  await database.query('truncate ghl.field_mappings');
});
afterAll(() => site.stop());

/** Tokens that may ask for the definitions of custom fields; in clear, as DeskFlow may have them. */
async function grantDefinitions(): Promise<void> {
  const scope = 'contacts.readonly contacts.write locations/customFields.readonly';
  const pair = site.connections.simulator.install({ locationId: site.location.id, scope });
  await database.query(
    `update integrations_hooks
        set access_token = $2, settings = settings || jsonb_build_object('scope', $3::text, 'refresh_token', $4::text)
      where id = $1`,
    [hookId, pair['access_token'], scope, pair['refresh_token']],
  );
}

const show = async (): Promise<{ hint: unknown; fields: ShownField[] }> =>
  (await site.api.call('GET', PATH, { as: 'admin' })).body['payload'] as {
    hint: unknown;
    fields: ShownField[];
  };
const change = (fields: object[], more: object = {}): Promise<Answer> =>
  site.api.call('PATCH', PATH, { as: 'admin', body: { fields, ...more } });
const fieldOf = async (field: string): Promise<ShownField | undefined> =>
  (await show()).fields.find((shown) => shown.field === field);

describe('the mapping', () => {
  it('is shown with the names of custom fields where HighLevel may be asked', async () => {
    await grantDefinitions();
    const { hint, fields } = await show();
    expect(hint).toBeNull();
    expect(fields.find(({ field }) => field === 'city')).toEqual({
      field: 'city',
      name: 'city',
      data_type: null,
      options: [],
      deskflow: 'additional_attributes.city',
      direction: 'both',
      directions: ['both', 'in', 'out', 'off'],
    });
    expect(fields.find(({ field }) => field === 'dnd')).toMatchObject({
      direction: 'in',
      directions: ['in', 'off'],
    });
    const shown = fields.find(({ field }) => field === `customFields.${budget}`);
    expect(shown).toMatchObject({
      data_type: 'NUMERICAL',
      deskflow: `custom_attributes.ghl_field_${budget}`,
    });
    expect(shown?.name).not.toBe(budget);
  });

  it('is shown with ids that are in use, and a hint, where it may not', async () => {
    await database.query(
      `insert into ghl.contact_links (account_id, location_id, contact_id, ghl_contact_id, snapshot)
       values (1, $1, 1, 'x', jsonb_build_object('customFields.' || $2::text, 1, 'city', 'Oslo'))`,
      [site.location.id, budget],
    );
    const { hint, fields } = await show();
    expect(hint).toBe('scope_missing');
    expect(fields.filter(({ field }) => field.startsWith('customFields'))).toMatchObject([
      { field: `customFields.${budget}`, name: budget, data_type: null },
    ]);
  });

  it('is shown when HighLevel does not answer', async () => {
    await grantDefinitions();
    site.connections.simulator.faults.add({ kind: 'status', path: '/locations', status: 503, times: 5 });
    expect((await show()).hint).toBe('highlevel_unavailable');
  });
});

describe('a choice', () => {
  it('is kept, shown and audited', async () => {
    await grantDefinitions();
    const { status, body } = await change([
      { field: `customFields.${budget}`, attribute: 'budget', direction: 'in' },
      { field: 'city', direction: 'out' },
      { field: 'tags', direction: 'off' },
    ]);
    expect(status).toBe(200);
    expect(body['payload']).toMatchObject({ location_id: site.location.id });
    expect(await fieldOf(`customFields.${budget}`)).toMatchObject({
      deskflow: 'custom_attributes.budget',
      direction: 'in',
    });
    expect(await fieldOf('city')).toMatchObject({ direction: 'out' });
    expect(await fieldOf('tags')).toMatchObject({ direction: 'off' });
    expect(
      await database.query(`select details from ghl.audit_events where action = 'settings.change'`),
    ).toEqual([{ details: { fields: [`customFields.${budget}`, 'city', 'tags'] } }]);
    await change([{ field: 'city', direction: 'both' }]);
    expect(await database.query(`select field from ghl.field_mappings order by 1`)).toEqual([
      { field: `customFields.${budget}` },
      { field: 'tags' },
    ]);
  });

  it('of an attribute moves the values there, tells HighLevel nothing, and may be taken back', async () => {
    await grantDefinitions();
    const old = `ghl_field_${budget}`;
    await database.query(
      `insert into contacts (account_id, name, email, custom_attributes, created_at, updated_at)
       select account, 'n', concat(account, n, '@example.test'), attributes, now(), now()
         from (values (1, 1, $1::jsonb), (1, 2, $2::jsonb), (2, 3, $1::jsonb)) as c (account, n, attributes)`,
      [
        { [old]: 5, tier: 'gold' },
        { [old]: 6, budget: 7 },
      ],
    );
    await database.query('truncate ghl.outbox');
    const values = async (): Promise<unknown[]> =>
      (
        await database.query<{ custom_attributes: unknown }>(
          'select custom_attributes from contacts order by id',
        )
      ).map((row) => row.custom_attributes);
    await change([{ field: `customFields.${budget}`, attribute: 'budget' }]);
    expect(await values()).toEqual([
      { budget: 5, tier: 'gold' },
      { [old]: 6, budget: 7 },
      { [old]: 5, tier: 'gold' },
    ]);
    await change([{ field: `customFields.${budget}`, attribute: null }]);
    expect(await values()).toEqual([
      { [old]: 5, tier: 'gold' },
      { [old]: 6, budget: 7 },
      { [old]: 5, tier: 'gold' },
    ]);
    expect(await database.query('select from ghl.outbox')).toEqual([]);
  });

  it.each([
    ['an unknown field', [{ field: 'shoeSize', direction: 'in' }]],
    ['an unknown custom field', [{ field: 'customFields.unknown', direction: 'in' }]],
    ['an attribute of a standing field', [{ field: 'city', attribute: 'town' }]],
    ['an attribute of this service', [{ field: 'customFields.BUDGET', attribute: 'ghl_dnd' }]],
    ['an attribute with spaces', [{ field: 'customFields.BUDGET', attribute: 'a b' }]],
    ['a way HighLevel’s own cannot go', [{ field: 'dnd', direction: 'out' }]],
    ['a direction there is not', [{ field: 'city', direction: 'up' }]],
    ['a misspelled key', [{ field: 'city', directon: 'in' }]],
    ['nothing', []],
    [
      'two fields of one attribute',
      [
        { field: 'customFields.BUDGET', attribute: 'x' },
        { field: 'customFields.OTHER', attribute: 'x' },
      ],
    ],
  ])('of %s is refused, and nothing changes', async (_, fields) => {
    await grantDefinitions();
    const other = site.connections.simulator.world.customFields
      .values()
      .find(({ locationId, id }) => locationId === site.location.id && id !== budget)!.id;
    const named = fields.map((field) => ({
      ...field,
      field: field.field.replace('BUDGET', budget).replace('OTHER', other),
    }));
    const { status, body } = await change([
      ...named,
      ...(fields.length > 0 ? [{ field: 'state', direction: 'in' }] : []),
    ]);
    expect({ status, code: body['code'] }).toEqual({ status: 422, code: 'validation_failed' });
    expect(await database.query('select from ghl.field_mappings')).toEqual([]);
  });

  it('is for administrators, and of a location that is connected', async () => {
    expect((await site.api.call('GET', PATH, { as: 'agent' })).status).toBe(401);
    expect(
      (await change([{ field: 'city', direction: 'in' }], { location_id: 'elsewhere' })).body,
    ).toMatchObject({
      code: 'not_connected',
    });
  });
});
