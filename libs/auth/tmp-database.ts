import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '#libs/database';
export function useDatabase(): { source: DataSource } {
  const db = {} as { source: DataSource };
  const name = `t_${randomBytes(6).toString('hex')}`;
  let admin: DataSource;
  beforeAll(async () => {
    const url = new URL(process.env['TEST_POSTGRES_URL']!);
    admin = await new DataSource(dataSourceOptions(url.href, { entities: [], poolSize: 1 })).initialize();
    await admin.query(`create database ${name} template ${process.env['TEST_POSTGRES_TEMPLATE']}`);
    url.pathname = `/${name}`;
    db.source = await new DataSource(dataSourceOptions(url.href)).initialize();
  });
  afterAll(async () => {
    await db.source.destroy();
    await admin.query(`drop database ${name} with (force)`);
    await admin.destroy();
  });
  return db;
}
