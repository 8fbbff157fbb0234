import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { TokenOwner } from './enums.js';
import { Timestamped } from './timestamped.js';

@Entity('access_tokens')
export class AccessToken extends Timestamped {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Column('varchar', { nullable: true })
  ownerType!: TokenOwner;

  @Column('bigint', { nullable: true })
  ownerId!: number;

  /** 24 base58 characters, in clear, as DeskFlow stores it. */
  @Column('varchar', { nullable: true })
  token!: string;
}
