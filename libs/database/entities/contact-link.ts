import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** Which contact of a location is which contact of an account, and what both sides last agreed on. */
@Entity({ schema: 'ghl', name: 'contact_links' })
export class ContactLink {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' })
  id!: number;

  @Column('bigint')
  accountId!: number;

  @Column('text')
  locationId!: string;

  @Column('bigint')
  contactId!: number;

  @Column('text')
  ghlContactId!: string;

  /** The last agreed canonical contact. */
  @Column('jsonb', { default: {} })
  snapshot!: Record<string, unknown>;

  /** HighLevel's time of the last applied change. */
  @Column('timestamptz', { nullable: true })
  remoteVersion!: Date | null;

  @Column('timestamptz', { nullable: true })
  remoteDeletedAt!: Date | null;

  @Column('timestamptz', { nullable: true })
  localDeletedAt!: Date | null;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;
}
