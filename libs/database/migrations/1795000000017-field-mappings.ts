import { type MigrationInterface, type QueryRunner } from 'typeorm';

const STATEMENTS = [
  `create table ghl.field_mappings (
      account_id bigint not null,
      location_id text not null,
      field text not null,
      direction text not null check (direction in ('both', 'in', 'out', 'off')),
      attribute text,
      data_type text,
      updated_at timestamptz not null default now(),
      primary key (account_id, location_id, field),
      constraint field_mappings_attribute_is_of_custom_field check (attribute is null or field like 'customFields.%')
    )`,
  // An attribute is one custom field, or which of them would it be?
  `create unique index field_mappings_attribute_key on ghl.field_mappings (account_id, location_id, attribute)`,
] as const;

/** What accounts chose for single fields: which way they go, and which custom attribute a custom field is. */
export class FieldMappings1795000000017 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table ghl.field_mappings');
  }
}
