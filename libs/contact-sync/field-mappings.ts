import { Injectable, Logger } from '@nestjs/common';
import { AuditLog } from '#libs/audit';
import { type Hook } from '#libs/database';
import { ValidationFailed } from '#libs/errors';
import { type HighLevelCustomField, HighLevelError } from '#libs/highlevel';
import { text } from '#libs/i18n';
import { HighLevelClients, Hooks, readHookSettings } from '#libs/integrations';
import { DataSource, type EntityManager } from 'typeorm';
import { customField, customFieldIdOf, FIELDS, isStanding, STANDING_FIELDS } from './canonical-contact.js';
import { type Place, placeOfHook } from './contact-links.js';
import {
  defaultAttribute,
  FIELD_DIRECTIONS,
  type FieldDirection,
  FieldMap,
  type FieldMapping,
  isCustomField,
  standardDirection,
  TAGS,
} from './field-map.js';
import { FieldMaps } from './field-maps.js';
import { markOrigin } from './sync-origin.js';

const DEFINITIONS_SCOPE = 'locations/customFields.readonly';
/** Contacts in whose snapshots custom fields are looked for where HighLevel may not be asked. */
const SNAPSHOTS_LOOKED_AT = 1_000;
const ID = /^[\w-]{1,100}$/;
const ONLY_IN: readonly FieldDirection[] = ['in', 'off'];
/** HL 5.8: a file cannot be sent as a value. */
const FILE_TYPES: ReadonlySet<string> = new Set(['FILE_UPLOAD', 'SIGNATURE']);

/** Why custom fields are shown by their ids. */
export type MappingHint = 'scope_missing' | 'highlevel_unavailable';

/** A field as an administrator sees it. */
export interface ShownField {
  readonly field: FieldMapping['field'];
  /** HighLevel's name; the id of a custom field whose name is not known. */
  readonly name: string;
  readonly dataType: string | null;
  readonly options: readonly string[];
  /** Where DeskFlow keeps it. */
  readonly deskflow: string;
  readonly direction: FieldDirection;
  readonly directions: readonly FieldDirection[];
}

export interface Mapping {
  readonly locationId: string;
  readonly hint: MappingHint | null;
  readonly fields: readonly ShownField[];
}

/** What is to be different; what is left out stays. */
export interface FieldChoice {
  readonly field: string;
  readonly direction?: FieldDirection | undefined;
  /** Null for the standard one. */
  readonly attribute?: string | null | undefined;
}

interface Definitions {
  readonly hint: MappingHint | null;
  readonly byId: ReadonlyMap<string, HighLevelCustomField>;
}

/** What of a contact is what on the other side: shown to administrators, and chosen by them. */
@Injectable()
export class FieldMappings {
  private readonly logger = new Logger(FieldMappings.name);

  constructor(
    private readonly database: DataSource,
    private readonly hooks: Hooks,
    private readonly clients: HighLevelClients,
    private readonly maps: FieldMaps,
    private readonly auditLog: AuditLog,
  ) {}

  /** @param locationId the account's only one where it is left out. @throws NotConnected, Conflict */
  async show(accountId: number, locationId: string | undefined): Promise<Mapping> {
    const hook = await this.hooks.ofLocation(accountId, locationId);
    return this.shown(hook, await this.definitionsOf(hook));
  }

  /**
   * All of them or none. Values that contacts have in an attribute which is not used any more move to the new one.
   * @throws ValidationFailed, NotConnected, Conflict
   */
  async change(
    accountId: number,
    userId: number,
    locationId: string | undefined,
    choices: readonly FieldChoice[],
  ): Promise<Mapping> {
    const hook = await this.hooks.ofLocation(accountId, locationId);
    const definitions = await this.definitionsOf(hook);
    const place = placeOfHook(hook);
    await this.database.transaction(async (manager) => {
      // One at a time for a location; what is written into contacts here is no change of them.
      await manager.query('select from public.integrations_hooks where id = $1 for update', [hook.id]);
      await markOrigin(manager, hook.id);
      const chosen = await this.maps.chosen(manager, place);
      const before = new FieldMap(chosen);
      const after = new Map(chosen.map((mapping) => [mapping.field, mapping]));
      for (const choice of choices) {
        const mapping = checked(choice, after.get(choice.field as FieldMapping['field']), definitions);
        after.set(mapping.field, mapping);
      }
      assertDistinct([...after.values()]);
      await this.store(manager, place, [...after.values()]);
      await moveValues(manager, accountId, before, [...after.values()]);
      await this.auditLog.record(
        {
          accountId,
          action: 'settings.change',
          actor: { kind: 'user', userId },
          outcome: 'success',
          hookId: hook.id,
          locationId: place.locationId,
          details: { fields: choices.map(({ field }) => field) },
        },
        manager,
      );
    });
    return this.shown(hook, definitions);
  }

  private async shown(hook: Hook, { hint, byId }: Definitions): Promise<Mapping> {
    const place = placeOfHook(hook);
    const { manager } = this.database;
    const chosen = await this.maps.chosen(manager, place);
    const map = new FieldMap(chosen);
    const mapped = chosen.flatMap(({ field }) => (field === TAGS ? [] : (customFieldIdOf(field) ?? [])));
    const ids = new Set([...byId.keys(), ...mapped, ...(hint ? await idsInUse(manager, place) : [])]);
    return {
      locationId: place.locationId,
      hint,
      fields: [
        ...STANDING_FIELDS.map((field): ShownField => ({
          field,
          name: field,
          dataType: null,
          options: [],
          deskflow: FIELDS[field].deskflow,
          direction: map.directionOf(field),
          directions: directionsOf(field, null),
        })),
        {
          field: TAGS,
          name: TAGS,
          dataType: null,
          options: [],
          deskflow: 'labels',
          direction: map.directionOf(TAGS),
          directions: FIELD_DIRECTIONS,
        },
        ...[...ids].map((id): ShownField => {
          const field = customField(id);
          const known = chosen.find((mapping) => mapping.field === field);
          const dataType = byId.get(id)?.dataType ?? known?.dataType ?? null;
          return {
            field,
            name: byId.get(id)?.name ?? id,
            dataType,
            options: byId.get(id)?.picklistOptions ?? [],
            deskflow: `custom_attributes.${map.attributeOf(id)}`,
            direction: map.directionOf(field),
            directions: directionsOf(field, dataType),
          };
        }),
      ],
    };
  }

  /** Where it may not be asked, or does not answer, the ids have to do. */
  private async definitionsOf(hook: Hook): Promise<Definitions> {
    const nothing = new Map<string, HighLevelCustomField>();
    const scopes = readHookSettings(hook.settings).scope?.split(' ') ?? [];
    if (!scopes.includes(DEFINITIONS_SCOPE)) return { hint: 'scope_missing', byId: nothing };
    try {
      const definitions = await this.clients.forHook(hook).locations.customFields();
      return { hint: null, byId: new Map(definitions.map((definition) => [definition.id, definition])) };
    } catch (error) {
      if (!(error instanceof HighLevelError)) throw error;
      this.logger.warn({ msg: 'Could not read custom fields', hookId: hook.id, reason: error.message });
      return {
        hint: error.kind === 'scope_missing' ? 'scope_missing' : 'highlevel_unavailable',
        byId: nothing,
      };
    }
  }

  private async store(
    manager: EntityManager,
    place: Place,
    mappings: readonly FieldMapping[],
  ): Promise<void> {
    const { accountId, locationId } = place;
    const kept = mappings.filter(
      ({ field, direction, attribute }) => attribute !== null || direction !== standardDirection(field),
    );
    await manager.query('delete from ghl.field_mappings where account_id = $1 and location_id = $2', [
      accountId,
      locationId,
    ]);
    await manager.query(
      `insert into ghl.field_mappings (account_id, location_id, field, direction, attribute, data_type)
       select $1, $2, m.* from unnest($3::text[], $4::text[], $5::text[], $6::text[]) as m`,
      [
        accountId,
        locationId,
        kept.map(({ field }) => field),
        kept.map(({ direction }) => direction),
        kept.map(({ attribute }) => attribute),
        kept.map(({ dataType }) => dataType),
      ],
    );
  }
}

/** @throws ValidationFailed */
function checked(
  { field, direction, attribute }: FieldChoice,
  before: FieldMapping | undefined,
  { hint, byId }: Definitions,
): FieldMapping {
  const name = field as FieldMapping['field'];
  const id = name === TAGS ? undefined : customFieldIdOf(name);
  const isKnown =
    id === undefined
      ? name === TAGS || isStanding(name)
      : byId.has(id) || before !== undefined || (hint !== null && ID.test(id));
  if (!isKnown) throw new ValidationFailed(text('mapping.no_such_field', { field }), ['fields']);
  if (attribute !== undefined && id === undefined)
    throw new ValidationFailed(text('mapping.own_place', { field }), ['fields']);
  const dataType = (id === undefined ? undefined : byId.get(id)?.dataType) ?? before?.dataType ?? null;
  const wanted = direction ?? before?.direction ?? directionsOf(name, dataType)[0] ?? 'both';
  if (!directionsOf(name, dataType).includes(wanted))
    throw new ValidationFailed(text('mapping.direction', { field, direction: wanted }), ['fields']);
  const isDefault = id !== undefined && attribute === defaultAttribute(id);
  const kept = attribute === undefined ? (before?.attribute ?? null) : attribute;
  return { field: name, direction: wanted, attribute: isDefault ? null : kept, dataType };
}

function directionsOf(field: FieldMapping['field'], dataType: string | null): readonly FieldDirection[] {
  const isOnlyIn = standardDirection(field) === 'in' || (dataType !== null && FILE_TYPES.has(dataType));
  return isOnlyIn ? ONLY_IN : FIELD_DIRECTIONS;
}

/** @throws ValidationFailed when two fields would be one attribute */
function assertDistinct(mappings: readonly FieldMapping[]): void {
  const attributes = mappings.flatMap(({ attribute }) => attribute ?? []);
  const twice = attributes.find((attribute, index) => attributes.indexOf(attribute) !== index);
  if (twice !== undefined)
    throw new ValidationFailed(text('mapping.attribute_twice', { attribute: twice }), ['fields']);
}

/** A contact that has a value under the new name already keeps that. */
async function moveValues(
  manager: EntityManager,
  accountId: number,
  before: FieldMap,
  mappings: readonly FieldMapping[],
): Promise<void> {
  const after = new FieldMap(mappings);
  for (const { field } of mappings) {
    const id = isCustomField(field) ? customFieldIdOf(field) : undefined;
    if (id === undefined || before.attributeOf(id) === after.attributeOf(id)) continue;
    await manager.query(
      `update public.contacts
          set custom_attributes = (custom_attributes - $2) || jsonb_build_object($3::text, custom_attributes -> $2)
        where account_id = $1 and jsonb_typeof(custom_attributes) = 'object'
          and custom_attributes ? $2 and not custom_attributes ? $3`,
      [accountId, before.attributeOf(id), after.attributeOf(id)],
    );
  }
}

async function idsInUse(manager: EntityManager, { accountId, locationId }: Place): Promise<string[]> {
  const rows = await manager.query<{ id: string }[]>(
    `select distinct substring(key from '^customFields\\.(.*)$') as id
       from (select snapshot from ghl.contact_links
              where account_id = $1 and location_id = $2 order by contact_id desc limit $3) newest
      cross join jsonb_object_keys(snapshot) as key
      where key like 'customFields.%' order by id`,
    [accountId, locationId, SNAPSHOTS_LOOKED_AT],
  );
  return rows.map(({ id }) => id);
}
