import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Built beside a running service: outside a transaction, and repeatable. */
export class OutboxRetention1795000000016 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // What an interrupted build has left is maintained and never used.
    await runner.query('drop index concurrently if exists ghl.outbox_ended_idx');
    await runner.query(
      `create index concurrently outbox_ended_idx on ghl.outbox (finished_at) where state in ('done', 'ignored')`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index ghl.outbox_ended_idx');
  }
}
