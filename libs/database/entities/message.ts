import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { MessageContentType, MessageStatus, MessageType } from './enums.js';
import { Timestamped } from './timestamped.js';

@Entity('messages')
export class Message extends Timestamped {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('int')
  accountId!: number;

  @Column('int')
  inboxId!: number;

  @Column('int')
  conversationId!: number;

  @Column('text', { nullable: true })
  content!: string | null;

  @Column('int')
  messageType!: MessageType;

  @Column('int', { default: MessageContentType.text })
  contentType!: MessageContentType;

  /** A private message is an internal note. */
  @Column('boolean', { default: false })
  private!: boolean;

  @Column('int', { default: MessageStatus.sent })
  status!: MessageStatus | null;

  /** The message's id in the other system; makes repeated deliveries one message. */
  @Column('text', { nullable: true })
  sourceId!: string | null;

  @Column('varchar', { nullable: true })
  senderType!: string | null;

  @Column('bigint', { nullable: true })
  senderId!: number | null;
}
