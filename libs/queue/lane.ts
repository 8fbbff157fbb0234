/** The two directions of work; the name of a lane is that of its queue and of its `@Processor`. */
export const LANES = ['inbound', 'outbound'] as const;
export type Lane = (typeof LANES)[number];
