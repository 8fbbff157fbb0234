import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

export const AUDIT_ACTOR_KINDS = ['user', 'system', 'highlevel'] as const;
export type AuditActorKind = (typeof AUDIT_ACTOR_KINDS)[number];

export const AUDIT_OUTCOMES = ['success', 'failure'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** Something that was done to an account's connection. */
@Entity({ schema: 'ghl', name: 'audit_events' })
export class AuditEvent {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' })
  id!: number;

  @Column('bigint')
  accountId!: number;

  @Column('timestamptz', { default: () => 'now()' })
  at!: Date;

  /** A machine code. */
  @Column('text')
  action!: string;

  @Column('text')
  actorKind!: AuditActorKind;

  /** There for a user and for nobody else. */
  @Column('bigint', { nullable: true })
  actorUserId!: number | null;

  @Column('bigint', { nullable: true })
  hookId!: number | null;

  @Column('text', { nullable: true })
  locationId!: string | null;

  @Column('text')
  outcome!: AuditOutcome;

  /** Facts about it; never a secret. */
  @Column('jsonb', { default: {} })
  details!: object;
}
