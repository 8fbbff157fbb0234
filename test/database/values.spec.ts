import { execFileSync } from 'node:child_process';
import { useDatabase } from '../harness/database.js';

const TYPESCRIPT = new URL('../../scripts/typescript-loader.mjs', import.meta.url).href;

const database = useDatabase();

describe('values', () => {
  it('of type bigint are numbers, also in arrays', async () => {
    expect(
      await database.query(`select 9007199254740991::bigint as one, array[1, null, 3]::bigint[] as many`),
    ).toEqual([{ one: 9_007_199_254_740_991, many: [1, null, 3] }]);
  });

  it('beyond what a number can hold are an error, never another number', async () => {
    await expect(database.query('select 9007199254740993::bigint as id')).rejects.toThrow('does not fit');
  });

  it.each(['UTC', 'America/Sao_Paulo', 'Asia/Kolkata'])(
    'of time mean the same on a machine in %s',
    (zone) => {
      const script = `
      const { dataSourceOptions } = await import('#libs/database');
      const { DataSource } = await import('typeorm');
      const source = await new DataSource(dataSourceOptions(process.argv[1])).initialize();
      const now = new Date('2026-11-18T09:40:12.020Z');
      const [row] = await source.query(
        "select $1::timestamp::text as written, '2026-11-18 09:40:12.02'::timestamp as naive, " +
        "'2026-11-18 09:40:12.02'::timestamp = $1::timestamp as same, array['2026-11-18 09:40:12.02']::timestamp[] as many, " +
        "'infinity'::timestamp as never", [now]);
      console.log(JSON.stringify({ ...row, never: String(row.never) }));
      await source.destroy();`;
      const output = execFileSync(
        process.execPath,
        ['--import', TYPESCRIPT, '--input-type=module', '-e', script, database.url],
        {
          env: { ...process.env, TZ: zone, NODE_OPTIONS: '' },
          encoding: 'utf8',
        },
      );
      expect(JSON.parse(output)).toEqual({
        written: '2026-11-18 09:40:12.02',
        naive: '2026-11-18T09:40:12.020Z',
        same: true,
        many: ['2026-11-18T09:40:12.020Z'],
        never: 'Infinity',
      });
    },
  );
});
