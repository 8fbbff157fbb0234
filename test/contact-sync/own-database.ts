import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '#libs/database';

export function useDatabase(): { readonly source: DataSource } {
  let source: DataSource | undefined;
  beforeAll(async () => {
    const admin = new DataSource(
      dataSourceOptions(process.env['TEST_POSTGRES_URL'] ?? '', { entities: [], poolSize: 1 }),
    );
    await admin.initialize();
    const name = `t_${randomUUID().replaceAll('-', '')}`;
    await admin.query(`create database ${name} template ${process.env['TEST_POSTGRES_TEMPLATE'] ?? ''}`);
    await admin.destroy();
    const url = new URL(process.env['TEST_POSTGRES_URL'] ?? '');
    url.pathname = `/${name}`;
    source = new DataSource(dataSourceOptions(url.href));
    await source.initialize();
  });
  afterAll(async () => source?.destroy());
  return {
    get source() {
      if (!source) throw new Error('not yet');
      return source;
    },
  };
}
