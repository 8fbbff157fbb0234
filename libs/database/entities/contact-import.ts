import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** `queued → running ⇄ paused → completed | cancelled | failed`. */
export const IMPORT_STATES = ['queued', 'running', 'paused', 'completed', 'cancelled', 'failed'] as const;
export type ImportState = (typeof IMPORT_STATES)[number];

/** `in`: to DeskFlow; `out`: to HighLevel; `both`: first in, then out. */
export const IMPORT_DIRECTIONS = ['in', 'out', 'both'] as const;
export type ImportDirection = (typeof IMPORT_DIRECTIONS)[number];

/** Which contacts are imported. */
export type ImportSelection =
  | { readonly kind: 'all' }
  | { readonly kind: 'tag'; readonly tag: string }
  /** Those that were changed at that moment or later. */
  | { readonly kind: 'since'; readonly since: string };

/** What became of contacts so far. */
export interface ImportCounts {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly skipped: number;
  readonly failed: number;
  /** Handed to the outbox, on their way to HighLevel. */
  readonly queued: number;
  readonly conflicts: number;
}

/** A walk through a location's contacts, checkpointed page by page. */
@Entity({ schema: 'ghl', name: 'imports' })
export class ContactImport {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' })
  id!: number;

  @Column('bigint')
  accountId!: number;

  @Column('bigint')
  hookId!: number;

  @Column('text')
  locationId!: string;

  @Column('jsonb')
  selection!: ImportSelection;

  @Column('text', { default: 'in' })
  direction!: ImportDirection;

  /** Which way it is going now. */
  @Column('text', { default: 'in' })
  phase!: 'in' | 'out';

  /** Nothing is written: it only tells what an import would do. */
  @Column('boolean', { default: false })
  dryRun!: boolean;

  @Column('text', { default: 'queued' })
  state!: ImportState;

  /** Machine code of why it failed, or waits. */
  @Column('text', { nullable: true })
  reason!: string | null;

  /** Null until HighLevel has said how many there are. */
  @Column('integer', { nullable: true })
  total!: number | null;

  @Column('jsonb', { default: {} })
  counts!: Partial<ImportCounts>;

  /** Where the next page of the phase begins: HighLevel's `searchAfter` (HL 5.2), or a DeskFlow id; null for the first. */
  @Column('jsonb', { nullable: true })
  cursor!: readonly unknown[] | null;

  /** Time spent on pages, without pauses (milliseconds). */
  @Column('bigint', { default: 0 })
  activeMs!: number;

  @Column('integer', { default: 0 })
  attempts!: number;

  @Column('timestamptz', { default: () => 'now()' })
  nextAttemptAt!: Date;

  @Column('uuid', { nullable: true })
  leaseToken!: string | null;

  @Column('timestamptz', { nullable: true })
  leaseUntil!: Date | null;

  @Column('bigint')
  startedBy!: number;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;

  @Column('timestamptz', { nullable: true })
  finishedAt!: Date | null;
}
