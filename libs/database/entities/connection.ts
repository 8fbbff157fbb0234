import { Column, Entity, PrimaryColumn } from 'typeorm';

export const CONNECTION_STATES = [
  'connected',
  'suspended',
  'reauthorization_required',
  'uninstalled',
] as const;
export type ConnectionState = (typeof CONNECTION_STATES)[number];

/** What a hook row has no place for. */
@Entity({ schema: 'ghl', name: 'connections' })
export class Connection {
  @PrimaryColumn('bigint')
  hookId!: number;

  @Column('bigint')
  accountId!: number;

  @Column('text', { nullable: true })
  locationName!: string | null;

  @Column('text', { nullable: true })
  timezone!: string | null;

  @Column('text', { nullable: true })
  country!: string | null;

  @Column('text', { default: 'connected' })
  state!: ConnectionState;

  /** Why the state is what it is; a machine code. */
  @Column('text', { nullable: true })
  reason!: string | null;

  /** When the state was entered. */
  @Column('timestamptz', { default: () => 'now()' })
  since!: Date;

  @Column('int', { default: 0 })
  consecutiveFailures!: number;

  @Column('timestamptz', { nullable: true })
  nextAttemptAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  lastRefreshedAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  installedAt!: Date | null;

  /** New contacts go to this location; one per account. */
  @Column('boolean', { default: false })
  isDefault!: boolean;
}
