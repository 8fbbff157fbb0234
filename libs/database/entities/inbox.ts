import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { Timestamped } from './timestamped.js';

/** DeskFlow's inbox: a channel people write to. Not to be confused with `ghl.inbox`, the store of deliveries. */
@Entity('inboxes')
export class Inbox extends Timestamped {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('int')
  accountId!: number;

  @Column('varchar')
  name!: string;

  @Column('int')
  channelId!: number;

  @Column('varchar', { nullable: true })
  channelType!: string | null;
}
