import { type BenchDatabase } from './bench-database.js';
import { type BenchSimulator } from './bench-simulator.js';

/** The hook of the bench becomes that of the simulator's location, with tokens of its own. @returns the access token */
export async function connectLocation(
  { source, hookId }: BenchDatabase,
  simulator: BenchSimulator,
): Promise<string> {
  const [pair] = await simulator.install(1);
  if (!pair) throw new Error('no tokens were granted');
  await source.query(
    `update integrations_hooks set reference_id = $2::text, access_token = $3,
            settings = jsonb_build_object('location_id', $2::text, 'refresh_token', $4::text,
                                          'expires_at', now() + interval '20 hours',
                                          'scope', 'contacts.readonly contacts.write')
      where id = $1`,
    [hookId, simulator.locationId, pair.accessToken, pair.refreshToken],
  );
  await source.query(
    `insert into ghl.connections (hook_id, account_id, country, is_default) values ($1, 1, 'US', true)`,
    [hookId],
  );
  return pair.accessToken;
}
