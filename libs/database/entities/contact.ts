import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { ContactType } from './enums.js';
import { Timestamped } from './timestamped.js';

@Entity('contacts')
export class Contact extends Timestamped {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('int')
  accountId!: number;

  @Column('varchar', { default: '' })
  name!: string | null;

  /** Lower case; null, never '' (DM 1). */
  @Column('varchar', { nullable: true })
  email!: string | null;

  /** E.164. */
  @Column('varchar', { nullable: true })
  phoneNumber!: string | null;

  /** The caller's own id, unique per account; null, never ''. */
  @Column('varchar', { nullable: true })
  identifier!: string | null;

  @Column('jsonb', { default: {} })
  additionalAttributes!: Record<string, unknown> | null;

  @Column('jsonb', { default: {} })
  customAttributes!: Record<string, unknown> | null;

  @Column('timestamp', { nullable: true })
  lastActivityAt!: Date | null;

  @Column('int', { default: ContactType.visitor })
  contactType!: ContactType | null;

  @Column('varchar', { default: '' })
  middleName!: string | null;

  @Column('varchar', { default: '' })
  lastName!: string | null;

  /** Mirror of `additionalAttributes.city`. */
  @Column('varchar', { default: '' })
  location!: string | null;

  /** Mirror of `additionalAttributes.country`, in spite of its name. */
  @Column('varchar', { default: '' })
  countryCode!: string | null;

  @Column('boolean', { default: false })
  blocked!: boolean;

  @Column('varchar', { nullable: true })
  ghlContactId!: string | null;
}
