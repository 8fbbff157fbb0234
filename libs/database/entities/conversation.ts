import { Column, Entity, Generated, PrimaryGeneratedColumn } from 'typeorm';
import { ConversationPriority, ConversationStatus } from './enums.js';
import { Timestamped } from './timestamped.js';

@Entity('conversations')
export class Conversation extends Timestamped {
  @PrimaryGeneratedColumn()
  id!: number;

  /** Number within the account; a trigger assigns it, whatever is written. */
  @Column({ type: 'int', insert: false, update: false })
  displayId!: number;

  @Column('uuid')
  @Generated('uuid')
  uuid!: string;

  @Column('int')
  accountId!: number;

  @Column('int')
  inboxId!: number;

  @Column('bigint', { nullable: true })
  contactId!: number | null;

  @Column('bigint', { nullable: true })
  contactInboxId!: number | null;

  @Column('int', { default: ConversationStatus.open })
  status!: ConversationStatus;

  @Column('int', { nullable: true })
  priority!: ConversationPriority | null;

  @Column('int', { nullable: true })
  assigneeId!: number | null;

  @Column('varchar', { nullable: true })
  identifier!: string | null;

  @Column('timestamp', { default: () => 'current_timestamp' })
  lastActivityAt!: Date;

  @Column('jsonb', { default: {} })
  additionalAttributes!: Record<string, unknown> | null;

  @Column('jsonb', { default: {} })
  customAttributes!: Record<string, unknown> | null;
}
