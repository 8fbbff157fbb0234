import { type QueryRunner } from 'typeorm';

/**
 * What our migrations made outside schema `ghl`. Beside an existing DeskFlow most of it is there already,
 * and `down` may remove only what `up` made.
 */
export type CreatedKind = 'extension' | 'table' | 'column' | 'index';

export async function createRegister(runner: QueryRunner): Promise<void> {
  await runner.query(`
    create table ghl.created_objects (
      kind text not null check (kind in ('extension', 'table', 'column', 'index')),
      name text not null,
      created_at timestamptz not null default now(),
      primary key (kind, name)
    )`);
}

export async function dropRegister(runner: QueryRunner): Promise<void> {
  await runner.query('drop table ghl.created_objects');
}

/** Notes an object as ours; once is enough. */
export async function recordCreated(runner: QueryRunner, kind: CreatedKind, name: string): Promise<void> {
  await runner.query('insert into ghl.created_objects (kind, name) values ($1, $2) on conflict do nothing', [
    kind,
    name,
  ]);
}

export async function isOurs(runner: QueryRunner, kind: CreatedKind, name: string): Promise<boolean> {
  const rows = (await runner.query('select from ghl.created_objects where kind = $1 and name = $2', [
    kind,
    name,
  ])) as unknown[];
  return rows.length > 0;
}

export async function forget(runner: QueryRunner, kind: CreatedKind, name: string): Promise<void> {
  await runner.query('delete from ghl.created_objects where kind = $1 and name = $2', [kind, name]);
}
