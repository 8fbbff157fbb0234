import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { Timestamped } from './timestamped.js';

/** A contact's address on one inbox. */
@Entity('contact_inboxes')
export class ContactInbox extends Timestamped {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: number;

  @Column('bigint', { nullable: true })
  contactId!: number;

  @Column('bigint', { nullable: true })
  inboxId!: number;

  @Column('text')
  sourceId!: string;
}
