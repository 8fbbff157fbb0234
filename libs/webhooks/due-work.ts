import { HookStatus } from '#libs/database';
import { LIFECYCLE_LANE } from './inbox-claims.js';

/** The table of the rows of each direction. */
export const WORK_TABLES = { inbound: 'inbox', outbound: 'outbox' } as const;
export type Direction = keyof typeof WORK_TABLES;
export const DIRECTIONS = ['inbound', 'outbound'] as const satisfies readonly Direction[];

/** A connection that must be authorized again takes in events, but has no token to push with. */
const IS_WELL = {
  inbound: '',
  outbound: `and not exists (
               select from ghl.connections c where c.hook_id = h.id and c.state <> 'connected')`,
} as const satisfies Record<Direction, string>;

export type WaitingState = 'pending' | 'failed';

/** A recursive query by the state's name, from each hook to the next: a step a hook, however many rows each has. */
export function hooksWith(state: WaitingState, lane: Direction): string {
  const first = (condition: string): string =>
    `(select w.hook_id from ghl.${WORK_TABLES[lane]} w where w.state = '${state}' ${condition} order by w.hook_id limit 1)`;
  return `${state} as (
    ${first('')} union all
    select ${first(`and w.hook_id > ${state}.hook_id`)} from ${state} where ${state}.hook_id is not null)`;
}

/** A condition: whether the rows of a hook are worked on; those of a disabled one wait for a reinstallation. */
export function isServed(hookId: string, lane: Direction): string {
  return `(${hookId} = ${LIFECYCLE_LANE}
           or exists (select from public.integrations_hooks h
                       where h.id = ${hookId} and h.status = ${HookStatus.enabled} ${IS_WELL[lane]}))`;
}
