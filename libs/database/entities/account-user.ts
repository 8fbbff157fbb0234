import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { Availability, Role } from './enums.js';
import { Timestamped } from './timestamped.js';

/** A user's membership of an account. `role` is all that an administrator check looks at (DM 1). */
@Entity('account_users')
export class AccountUser extends Timestamped {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Column('bigint', { nullable: true })
  accountId!: number;

  @Column('bigint', { nullable: true })
  userId!: number;

  @Column('int', { default: Role.agent })
  role!: Role;

  @Column('bigint', { nullable: true })
  inviterId!: number | null;

  @Column('int', { default: Availability.online })
  availability!: Availability;
}
