import { type Hook, runStatement } from '#libs/database';
import { type EntityManager } from 'typeorm';
import { FieldMap, type FieldMapping } from './field-map.js';
import { type InboundSource } from './inbound-news.js';
import { DEFAULT_CHOICES, type SyncPolicy } from './sync-choices.js';
import { ORIGIN_SETTING } from './sync-origin.js';

type Opened = { country: string | null; mappings: FieldMapping[] | null } & {
  [Choice in keyof SyncPolicy]: SyncPolicy[Choice] | null;
};

const OPEN = `
    select set_config('${ORIGIN_SETTING}', $1::bigint::text, true), c.country,
           s.conflict_policy as "conflictPolicy", s.on_delete as "onDelete",
           (select jsonb_agg(jsonb_build_object('field', m.field, 'direction', m.direction, 'attribute', m.attribute,
                                                'dataType', m.data_type))
              from ghl.field_mappings m where m.account_id = $2 and m.location_id = $3) as mappings
      from (values (1)) as one
      left join ghl.connections c on c.hook_id = $1::bigint
      left join ghl.sync_settings s on s.account_id = $2`;

const COUNTRY = 'select country from ghl.connections where hook_id = $1';

/**
 * Begins to apply what a hook told, in one statement, as this happens for every batch: until the transaction ends its
 * writes are not sent back to the hook (see `markOrigin`), and the account's choices are those of now.
 */
export async function openSource(
  manager: EntityManager,
  { id, accountId, referenceId }: Pick<Hook, 'id' | 'accountId' | 'referenceId'>,
): Promise<InboundSource> {
  const {
    rows: [row],
  } = await runStatement<Opened>(manager, OPEN, [id, accountId, referenceId]);
  const choices = {
    conflictPolicy: row?.conflictPolicy ?? DEFAULT_CHOICES.conflictPolicy,
    onDelete: row?.onDelete ?? DEFAULT_CHOICES.onDelete,
  };
  const fields = new FieldMap(row?.mappings ?? []);
  return { id, accountId, referenceId, country: row?.country ?? null, choices, fields };
}

/** That of the hook's location: two letters. */
export async function countryOf(manager: EntityManager, hookId: number): Promise<string | null> {
  const { rows } = await runStatement<{ country: string | null }>(manager, COUNTRY, [hookId]);
  return rows[0]?.country ?? null;
}
