import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What the last pushes of a contact wrote over, to tell what HighLevel had changed meanwhile. */
export class PushTraces1795000000019 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table ghl.contact_links add column pushes jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table ghl.contact_links drop column pushes');
  }
}
