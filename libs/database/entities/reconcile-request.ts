import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

export const RECONCILE_REASONS = ['intake_outage'] as const;
export type ReconcileReason = (typeof RECONCILE_REASONS)[number];

/** A time of which events may be missing, in all accounts: the reconciling poll is to look at what changed then. */
@Entity({ schema: 'ghl', name: 'reconcile_requests' })
export class ReconcileRequest {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' })
  id!: number;

  @Column('text')
  reason!: ReconcileReason;

  @Column('timestamptz')
  fromAt!: Date;

  /** This moment is no longer part of it. */
  @Column('timestamptz')
  toAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  requestedAt!: Date;

  /** When the poll took it up; null while it waits. */
  @Column('timestamptz', { nullable: true })
  takenAt!: Date | null;
}
