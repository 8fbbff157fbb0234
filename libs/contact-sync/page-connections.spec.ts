import { useDatabase } from '../../test/harness/database.js';
import { eventually } from '../../test/harness/eventually.js';
import { type PageConnection, PageConnections } from './page-connections.js';

describe('the connections of a walk', () => {
  const db = useDatabase();
  let connections: PageConnections;

  beforeEach(async () => {
    await db.query('delete from accounts');
    connections = new PageConnections(db.source);
  });
  afterEach(() => connections.close());

  /** A connection in a transaction, and the process behind it. */
  async function begin(): Promise<{ connection: PageConnection; pid: number }> {
    const connection = connections.take();
    await connection.runner.startTransaction();
    const [{ pid }] = (await connection.runner.query('select pg_backend_pid() as pid')) as [{ pid: number }];
    return { connection, pid };
  }
  const inUse = async (): Promise<number> => {
    const { master } = db.source.driver as unknown as { master: { totalCount: number; idleCount: number } };
    return Promise.resolve(master.totalCount - master.idleCount);
  };

  it('are kept from page to page, whatever else is asked meanwhile', async () => {
    const { connection, pid } = await begin();
    await connection.runner.commitTransaction();
    await connection.end();
    await Promise.all([db.query('select 1'), db.query('select 1')]);
    const next = await begin();
    expect(next.pid).toBe(pid);
    await next.connection.end();
  });

  it('lose what was not committed', async () => {
    const { connection } = await begin();
    await connection.runner.query(
      `insert into accounts (id, name, created_at, updated_at) values (7, 'Quill', now(), now())`,
    );
    await connection.end();
    expect(await db.query('select from accounts')).toEqual([]);
  });

  it('are not taken from the next page by whoever ends one twice', async () => {
    const first = await begin();
    await first.connection.end();
    const next = await begin();
    await first.connection.end();
    const another = await begin();
    expect(another.pid).not.toBe(next.pid);
    expect(next.connection.runner.isTransactionActive).toBe(true);
    await Promise.all([next.connection.end(), another.connection.end()]);
  });

  it('are replaced when they are lost', async () => {
    const { connection, pid } = await begin();
    await connection.end();
    await db.query('select pg_terminate_backend($1)', [pid]);
    await eventually(() => expect(connection.runner.isReleased).toBe(true));
    const next = await begin();
    expect(next.pid).not.toBe(pid);
    await next.connection.end();
  });

  it('go back to the pool at the end, those in use when they are ended', async () => {
    const before = await inUse();
    const [idle, busy] = [await begin(), await begin()];
    await idle.connection.end();
    await connections.close();
    expect(await inUse()).toBe(before + 1);
    await busy.connection.end();
    expect(await inUse()).toBe(before);
  });
});
