import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What an administrator looks for. Built beside a running service: outside a transaction, and repeatable. */
export class OutboxTroubles1795000000024 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // What an interrupted build has left is maintained and never used.
    await runner.query('drop index concurrently if exists ghl.outbox_troubled_idx');
    await runner.query(
      `create index concurrently outbox_troubled_idx on ghl.outbox (account_id, state, id)
        where state in ('dead', 'failed')`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index ghl.outbox_troubled_idx');
  }
}
