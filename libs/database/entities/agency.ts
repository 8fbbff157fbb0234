import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type ConnectionState } from './connection.js';

/** An agency-wide installation: its token pair makes the tokens of its locations (HL 2.7). Both tokens are sealed. */
@Entity({ schema: 'ghl', name: 'agencies' })
export class Agency {
  @PrimaryColumn('bigint')
  accountId!: number;

  @PrimaryColumn('text')
  companyId!: string;

  @Column('text')
  accessToken!: string;

  /** HighLevel has always sent one so far; without it a reconnect brings the next pair. */
  @Column('text', { nullable: true })
  refreshToken!: string | null;

  @Column('timestamptz')
  expiresAt!: Date;

  @Column('text', { nullable: true })
  scope!: string | null;

  @Column('text', { nullable: true })
  userId!: string | null;

  @Column('text', { default: 'connected' })
  state!: ConnectionState;

  /** Why the state is what it is; a machine code. */
  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  since!: Date;

  @Column('int', { default: 0 })
  consecutiveFailures!: number;

  @Column('timestamptz', { nullable: true })
  nextAttemptAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  lastRefreshedAt!: Date | null;

  /** An UNINSTALL from before is a late delivery. */
  @Column('timestamptz', { default: () => 'now()' })
  installedAt!: Date;

  /** Chosen on HighLevel's page when the agency authorized the app. */
  @Column('text', { array: true, default: [] })
  approvedLocations!: string[];

  @Column('boolean', { default: false })
  installToFutureLocations!: boolean;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;
}
