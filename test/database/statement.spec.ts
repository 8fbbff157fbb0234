import { isDataFault, runStatement } from '#libs/database';
import { QueryFailedError } from 'typeorm';
import { useDatabase } from '../harness/database.js';

const ADD = 'insert into numbers (n) select $1::int + coalesce(max(n), 0) from numbers';
const ALL = 'select n from numbers order by n';

const database = useDatabase();

beforeAll(() => database.query('create table numbers (n int not null)'));
beforeEach(() => database.query('truncate numbers'));

const numbers = async (): Promise<number[]> =>
  (await database.query<{ n: number }>('select n from numbers order by n')).map(({ n }) => n);

describe('statements', () => {
  it('that are begun together run in their order, the same one several times, too', async () => {
    const seen = await database.source.transaction(async (manager) => {
      const [one, , two] = await Promise.all([
        runStatement(manager, ADD, [1]),
        runStatement(manager, ADD, [10]),
        runStatement<{ n: number }>(manager, ALL, []),
        runStatement(manager, ADD, [100]),
      ]);
      return { count: one.count, rows: two.rows };
    });
    expect(seen).toEqual({ count: 1, rows: [{ n: 1 }, { n: 11 }] });
    expect(await numbers()).toEqual([1, 11, 111]);
  });

  it('are undone with their transaction when one of them fails, and fail as any other query', async () => {
    const failing = database.source.transaction((manager) =>
      Promise.all([
        runStatement(manager, ADD, [1]),
        runStatement(manager, ADD, ['many']),
        runStatement(manager, ADD, [100]),
      ]),
    );
    const error: unknown = await failing.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(QueryFailedError);
    expect(isDataFault(error)).toBe(true);
    expect(await numbers()).toEqual([]);
    await database.source.transaction((manager) => runStatement(manager, ADD, [5]));
    expect(await numbers()).toEqual([5]);
  });

  it('are given arrays of texts, numbers, dates and JSON as they are', async () => {
    const texts = ['', 'null', 'O\'Neill "Mara" \\ {a,b}', 'two\nlines', null, undefined];
    const date = '2026-11-29T07:30:00.123Z';
    const dates = [new Date(date), null];
    const json = [{ quote: '"', path: 'C:\\', lines: 'a\nb' }, ['a', null], null];
    const { rows } = await runStatement(
      database.source.manager,
      `select $1::text[] as texts, $2::timestamptz[] as dates, to_jsonb($3::jsonb[]) as json, $4::bigint[] as numbers,
              $5::boolean[] as flags, $6::text[] as none, $7::text[] as written`,
      [texts, dates, json, [1, -2, null], [true, false], [], dates],
    );
    expect(rows).toEqual([
      {
        texts: texts.map((text) => text ?? null),
        dates,
        json,
        numbers: [1, -2, null],
        flags: [true, false],
        none: [],
        written: [date, null],
      },
    ]);
  });

  it('run by themselves where there is no transaction', async () => {
    await runStatement(database.source.manager, ADD, [7]);
    expect(await numbers()).toEqual([7]);
  });
});
