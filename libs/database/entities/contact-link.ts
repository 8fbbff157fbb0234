import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

export const SYNC_DIRECTIONS = ['in', 'out'] as const;
/** `in`: from HighLevel to DeskFlow. */
export type SyncDirection = (typeof SYNC_DIRECTIONS)[number];

/** Which contact of a location is which contact of an account, and what both sides last agreed on. */
@Entity({ schema: 'ghl', name: 'contact_links' })
export class ContactLink {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' })
  id!: number;

  @Column('bigint')
  accountId!: number;

  @Column('text')
  locationId!: string;

  @Column('bigint')
  contactId!: number;

  @Column('text')
  ghlContactId!: string;

  /** The last agreed canonical contact. */
  @Column('jsonb', { default: {} })
  snapshot!: Record<string, unknown>;

  /** HighLevel's time of the last applied change. */
  @Column('timestamptz', { nullable: true })
  remoteVersion!: Date | null;

  @Column('timestamptz', { nullable: true })
  remoteDeletedAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  localDeletedAt!: Date | null;

  /** A person wants the two to go their own ways. */
  @Column('timestamptz', { nullable: true })
  unlinkedAt!: Date | null;

  /** Which way the two were brought to agree last; null for those that were before this was written down. */
  @Column('text', { nullable: true })
  direction!: SyncDirection | null;

  /** What the last pushes wrote over. */
  @Column('jsonb', { nullable: true })
  pushes!: readonly unknown[] | null;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;
}
