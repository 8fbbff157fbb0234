/**
 * The kinds of work; the name of a lane is that of its queue and of its `@Processor`. `intake` files what was taken in,
 * `inbound` and `outbound` are the two directions of the sync.
 */
export const LANES = ['intake', 'inbound', 'outbound'] as const;
export type Lane = (typeof LANES)[number];
