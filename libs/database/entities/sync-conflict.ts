import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { type ConflictPolicy } from './sync-settings.js';

export const CONFLICT_SIDES = ['deskflow', 'highlevel'] as const;
export type ConflictSide = (typeof CONFLICT_SIDES)[number];

/** A field of a contact that both sides had changed, and which value stayed. */
@Entity({ schema: 'ghl', name: 'sync_conflicts' })
export class SyncConflict {
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

  /** As in `ghl.contact_links.snapshot`. */
  @Column('text')
  field!: string;

  /** What both sides last agreed on; null where they never did, or on nothing. */
  @Column('jsonb', { nullable: true })
  base!: unknown;

  @Column('jsonb', { nullable: true })
  deskflow!: unknown;

  @Column('jsonb', { nullable: true })
  highlevel!: unknown;

  /** When each side was changed, as far as that is known. */
  @Column('timestamptz', { nullable: true })
  deskflowAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  highlevelAt!: Date | null;

  @Column('text')
  policy!: ConflictPolicy;

  @Column('text')
  kept!: ConflictSide;

  @Column('timestamptz', { default: () => 'now()' })
  detectedAt!: Date;

  /** When a person put the other value in its place. */
  @Column('timestamptz', { nullable: true })
  reversedAt!: Date | null;

  @Column('bigint', { nullable: true })
  reversedBy!: number | null;
}
