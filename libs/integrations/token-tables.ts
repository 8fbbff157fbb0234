import { GOHIGHLEVEL_APP_ID } from '#libs/database';
import { type DataSource } from 'typeorm';
import { keepingParametersSecret } from './sql-failures.js';
import { type TokenSubject } from './token-subject.js';

/** The two stored tokens of one row. */
export interface TokenCell {
  /** Places the row among the others. */
  readonly key: string;
  readonly subject: TokenSubject;
  readonly accessToken: string | null;
  readonly refreshToken: string | null;
}

/** A table that holds stored tokens, as rotation goes through it. */
export interface TokenTable {
  readonly sealsRefreshToken: boolean;
  /** Rows in the order of their keys, after one of them. */
  after(database: DataSource, key: string | undefined, limit: number): Promise<TokenCell[]>;
  find(database: DataSource, key: string): Promise<TokenCell | undefined>;
  /** Replaces both tokens if they are still those. @returns false when somebody renews them, or just has */
  replace(
    database: DataSource,
    row: TokenCell,
    wanted: Pick<TokenCell, 'accessToken' | 'refreshToken'>,
  ): Promise<boolean>;
}

/** @param sealsRefreshToken whether a hook's refresh token is sealed (GHL_ENCRYPT_REFRESH_TOKEN) */
export function tokenTables(sealsRefreshToken: boolean): readonly TokenTable[] {
  return [hooksTable(sealsRefreshToken), AGENCIES];
}

const HOOK_CELLS = `
  select id::text as key, json_build_object('hook_id', id) as subject, access_token as "accessToken",
         settings->>'refresh_token' as "refreshToken"
    from integrations_hooks
   where app_id = '${GOHIGHLEVEL_APP_ID}'
     and (access_token is not null or settings->>'refresh_token' is not null)`;

function hooksTable(sealsRefreshToken: boolean): TokenTable {
  return {
    sealsRefreshToken,
    after: (database, key, limit) =>
      database.query(`${HOOK_CELLS} and id > $1 order by id limit $2`, [Number(key ?? 0), limit]),
    find: (database, key) => first(database, `${HOOK_CELLS} and id = $1`, [Number(key)]),
    replace: (database, { key, accessToken, refreshToken }, wanted) =>
      updateUnlessBusy(
        database,
        ['select from integrations_hooks where id = $1', [Number(key)]],
        `update integrations_hooks
            set access_token = $4,
                settings = case when $5::text is null then settings
                                else settings || jsonb_build_object('refresh_token', $5::text) end
          where id = $1 and access_token is not distinct from $2
            and settings->>'refresh_token' is not distinct from $3`,
        [Number(key), accessToken, refreshToken, wanted.accessToken, wanted.refreshToken],
      ),
  };
}

/** The company's id comes last: it may be anything, and the account's is a number. */
const AGENCY_CELLS = `
  select account_id || ' ' || company_id as key, json_build_object('company_id', company_id) as subject,
         access_token as "accessToken", refresh_token as "refreshToken"
    from ghl.agencies`;

const AGENCIES: TokenTable = {
  sealsRefreshToken: true,
  after: (database, key, limit) =>
    database.query(
      `${AGENCY_CELLS} where $1::bigint is null or (account_id, company_id) > ($1::bigint, $2)
        order by account_id, company_id limit $3`,
      [...agencyKey(key), limit],
    ),
  find: (database, key) =>
    first(database, `${AGENCY_CELLS} where account_id = $1 and company_id = $2`, agencyKey(key)),
  replace: (database, { key, accessToken, refreshToken }, wanted) =>
    updateUnlessBusy(
      database,
      ['select from ghl.agencies where account_id = $1 and company_id = $2', agencyKey(key)],
      `update ghl.agencies set access_token = $5, refresh_token = $6
        where account_id = $1 and company_id = $2 and access_token = $3
          and refresh_token is not distinct from $4`,
      [...agencyKey(key), accessToken, refreshToken, wanted.accessToken, wanted.refreshToken],
    ),
};

function agencyKey(key: string | undefined): [number | null, string] {
  const [, accountId, companyId = ''] = /^(\d+) (.*)$/s.exec(key ?? '') ?? [];
  return [accountId === undefined ? null : Number(accountId), companyId];
}

async function first(
  database: DataSource,
  sql: string,
  parameters: unknown[],
): Promise<TokenCell | undefined> {
  const [row] = await database.query<TokenCell[]>(sql, parameters);
  return row;
}

/** A refresh may hold the row for long; rotation comes back to it instead of waiting. */
async function updateUnlessBusy(
  database: DataSource,
  [row, key]: [string, unknown[]],
  update: string,
  parameters: readonly unknown[],
): Promise<boolean> {
  return database.transaction(async (manager) => {
    const free = await manager.query<unknown[]>(`${row} for update skip locked`, key);
    if (free.length === 0) return false;
    const [, updated] = await keepingParametersSecret(
      manager.query<[unknown, number]>(update, [...parameters]),
    );
    return updated === 1;
  });
}
