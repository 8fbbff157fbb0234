import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Who wins where both sides changed a field of a contact since they last agreed. */
export const CONFLICT_POLICIES = ['latest_wins', 'deskflow_wins', 'highlevel_wins'] as const;
export type ConflictPolicy = (typeof CONFLICT_POLICIES)[number];

/** What becomes of HighLevel's contact when DeskFlow's is deleted. */
export const DELETION_CHOICES = ['leave', 'archive', 'delete'] as const;
export type DeletionChoice = (typeof DELETION_CHOICES)[number];

/** The most that somebody may be who signs on from HighLevel's frame. */
export const SSO_ROLES = ['none', 'agent', 'administrator'] as const;
export type SsoRole = (typeof SSO_ROLES)[number];

/** What an account has chosen about its sync. Without a row the defaults hold. */
@Entity({ schema: 'ghl', name: 'sync_settings' })
export class SyncSettings {
  @PrimaryColumn('bigint')
  accountId!: number;

  @Column('text', { default: 'latest_wins' })
  conflictPolicy!: ConflictPolicy;

  @Column('text', { default: 'leave' })
  onDelete!: DeletionChoice;

  @Column('text', { default: 'agent' })
  ssoRole!: SsoRole;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;
}
