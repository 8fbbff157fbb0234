import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { Timestamped } from './timestamped.js';

@Entity('users')
export class User extends Timestamped {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('varchar', { default: 'email' })
  provider!: string;

  /** Equals the e-mail for e-mail users; the value of devise's `uid` header. */
  @Column('varchar', { default: '' })
  uid!: string;

  /** bcrypt. Never selected unless asked for. */
  @Column('varchar', { default: '', select: false })
  encryptedPassword!: string;

  @Column('varchar')
  name!: string;

  @Column('varchar', { nullable: true })
  displayName!: string | null;

  @Column('varchar', { nullable: true })
  email!: string | null;

  /** Devise's sessions: a JSON string that holds JSON; a plain object is possible, too (DM 3). Read-only for us. */
  @Column({ type: 'json', nullable: true, select: false, insert: false, update: false })
  tokens!: unknown;

  /** Null until the e-mail address is confirmed. */
  @Column('timestamp', { nullable: true })
  confirmedAt!: Date | null;

  @Column('varchar', { nullable: true, select: false })
  pubsubToken!: string | null;

  @Column('jsonb', { default: {} })
  uiSettings!: Record<string, unknown> | null;

  /** Rails' single-table inheritance: null or `SuperAdmin`. */
  @Column('varchar', { nullable: true })
  type!: string | null;

  /** The same person in HighLevel. */
  @Column('varchar', { nullable: true })
  ghlUserId!: string | null;
}
