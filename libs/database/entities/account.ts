import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { AccountStatus } from './enums.js';
import { Timestamped } from './timestamped.js';

@Entity('accounts')
export class Account extends Timestamped {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('varchar')
  name!: string;

  @Column('int', { default: 0 })
  locale!: number | null;

  @Column('int', { default: AccountStatus.active })
  status!: AccountStatus | null;

  @Column('jsonb', { default: {} })
  customAttributes!: Record<string, unknown> | null;
}
