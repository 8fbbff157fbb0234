import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * What was acknowledged and is not filed in the inbox yet. A row is a commit of the intake: the bodies of its deliveries
 * end to end, as they came. Nothing but the key, and no compression, so that a delivery costs the intake little more
 * than its bytes. Rows live for milliseconds: vacuum by count.
 */
const JOURNAL = `create table ghl.intake_journal (
    id bigint generated always as identity primary key,
    received_at timestamptz not null default now(),
    lengths integer[] not null,
    delivery_ids text[] not null,
    bodies bytea not null
  ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
          autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_threshold = 2000000000,
          toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 20000,
          toast.autovacuum_vacuum_insert_threshold = -1)`;

/** Storing a delivery and working out what it is are two things: only the first is waited for. */
export class IntakeJournal1795000000021 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(JOURNAL);
    await runner.query('alter table ghl.intake_journal alter column bodies set storage external');
  }

  /** @throws Error while something is in it: nothing else knows of those deliveries */
  async down(runner: QueryRunner): Promise<void> {
    const waiting = (await runner.query('select from ghl.intake_journal limit 1')) as unknown[];
    if (waiting.length > 0)
      throw new Error('The intake journal holds deliveries: let a worker file them first');
    await runner.query('drop table ghl.intake_journal');
  }
}
