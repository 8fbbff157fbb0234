import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { HookStatus, HookType } from './enums.js';
import { Timestamped } from './timestamped.js';

/** One installed integration (DM 1). For this service: one HighLevel location that an account has connected. */
@Entity('integrations_hooks')
export class Hook extends Timestamped {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Column('int', { nullable: true, default: HookStatus.enabled })
  status!: HookStatus;

  @Column('int', { nullable: true })
  inboxId!: number | null;

  @Column('int', { nullable: true })
  accountId!: number;

  @Column('varchar', { nullable: true })
  appId!: string;

  @Column('int', { nullable: true, default: HookType.account })
  hookType!: HookType;

  /** The location's id. */
  @Column('varchar', { nullable: true })
  referenceId!: string | null;

  /** In clear or in ActiveRecord::Encryption's envelope (DM 8). */
  @Column('varchar', { nullable: true })
  accessToken!: string | null;

  /** Holds the refresh token among other things: write by jsonb concatenation, never return it whole (DM 0.3). */
  @Column('jsonb', { nullable: true, default: {} })
  settings!: Record<string, unknown> | null;
}
