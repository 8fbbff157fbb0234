import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An agency-wide installation: its token pair makes the tokens of its locations (HL 2.7). Both tokens are sealed. */
@Entity({ schema: 'ghl', name: 'agencies' })
export class Agency {
  @PrimaryColumn('bigint')
  accountId!: number;

  @PrimaryColumn('text')
  companyId!: string;

  @Column('text')
  accessToken!: string;

  @Column('text')
  refreshToken!: string;

  @Column('timestamptz')
  expiresAt!: Date;

  @Column('text', { nullable: true })
  scope!: string | null;

  @Column('text', { nullable: true })
  userId!: string | null;

  @Column('timestamptz', { default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { default: () => 'now()' })
  updatedAt!: Date;
}
