import { setTimeout as sleep } from 'node:timers/promises';
import { useDatabase } from './database.js';
import { empty } from './empty.js';

describe('emptying tables beside a worker', () => {
  const database = useDatabase();

  it('waits for its transaction with no table in hand', async () => {
    const worker = database.source.createQueryRunner();
    await worker.startTransaction();
    await worker.query(`set local lock_timeout = '500 ms'`);
    await worker.query('select from ghl.outbox');
    const emptied = empty(database.source, ['contacts', 'ghl.outbox']);
    await sleep(200);
    await worker.query(
      `insert into contacts (account_id, name, created_at, updated_at) values (1, 'Mara', now(), now())`,
    );
    await worker.commitTransaction();
    await worker.release();
    await emptied;
    expect(await database.query('select from contacts')).toEqual([]);
  });
});
