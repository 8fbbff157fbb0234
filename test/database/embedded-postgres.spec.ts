import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readdirSync, readFileSync } from 'node:fs';
import { DataSource } from 'typeorm';
import {
  DataDirInUse,
  dataSourceOptions,
  EmbeddedPostgres,
  EmbeddedPostgresFailed,
  embeddedUrl,
  resetData,
} from '#libs/database';

const TYPESCRIPT = new URL('../../scripts/typescript-loader.mjs', import.meta.url).href;
const isRoot = process.getuid?.() === 0;
let dataDir: string;
const servers: EmbeddedPostgres[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'deskflow-ghl-postgres-'));
  await chmod(dataDir, 0o711); // run by root, the server is another user and has to pass
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  expect(postmasters()).toEqual([]);
  await resetData(dataDir);
});

function server(
  options: { port?: number; onUnexpectedExit?: (reason: string) => void } = {},
): EmbeddedPostgres {
  const created = new EmbeddedPostgres({ dataDir, fsync: false, ...options });
  servers.push(created);
  return created;
}

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const source = await new DataSource(dataSourceOptions(url, { entities: [], poolSize: 1 })).initialize();
  try {
    return await source.query<Record<string, unknown>[]>(sql);
  } finally {
    await source.destroy();
  }
}

/** Servers that run on this directory, or on the place its cluster had to go to. */
function postmasters(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return command[0]?.endsWith('postgres') && command.some((word) => word.startsWith(dataDir));
      } catch {
        return false; // ended meanwhile
      }
    })
    .map(Number);
}

describe(EmbeddedPostgres.name, () => {
  it('starts a real server on 127.0.0.1 alone, behind a password', async () => {
    const { url } = await server().start();
    expect(new URL(url).hostname).toBe('127.0.0.1');
    expect(await ask(url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    const withoutPassword = new URL(url);
    withoutPassword.password = 'wrong';
    await expect(ask(withoutPassword.href, 'select 1')).rejects.toThrow(/password authentication failed/);
    expect((await stat(join(dataDir, 'postgres-password'))).mode & 0o777).toBe(0o600);
  });

  it('keeps its data over a restart', async () => {
    const first = server();
    const { url } = await first.start();
    await ask(url, 'create table kept as select 42 as answer');
    await first.stop();
    expect(postmasters()).toEqual([]);
    const again = await server().start();
    expect(await ask(again.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('tells tools beside it where it is, while it runs', async () => {
    const running = server();
    const { url } = await running.start();
    expect(await embeddedUrl(dataDir)).toBe(url);
    await running.stop();
    expect(await embeddedUrl(dataDir)).toBeUndefined();
  });

  it('refuses a directory that another copy works in, and its removal', async () => {
    await server().start();
    await expect(server().start()).rejects.toBeInstanceOf(DataDirInUse);
    await expect(server().start()).rejects.toThrow(String(process.pid));
    await expect(resetData(dataDir)).rejects.toBeInstanceOf(DataDirInUse);
  });

  it('cannot be started twice, and stopping it twice does no harm', async () => {
    const running = server();
    await running.start();
    await expect(running.start()).rejects.toThrow('is running already');
    await running.stop();
    await running.stop();
  });

  it('uses the port it is given, and says when that is taken', async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    const { port } = occupant.address() as AddressInfo;
    await expect(server({ port }).start()).rejects.toThrow(`Port ${port} on 127.0.0.1 is taken`);
    occupant.close();
    await once(occupant, 'close');
    const { url } = await server({ port }).start();
    expect(new URL(url).port).toBe(String(port));
  });

  it('tells when the server ends by itself', async () => {
    const told = new Promise<string>((resolve) => {
      void server({ onUnexpectedExit: resolve })
        .start()
        .then(() => {
          process.kill(postmasters()[0]!, 'SIGQUIT');
        });
    });
    expect(await told).toMatch(/./);
  });

  it('stops what a killed copy left running, and goes on with its data', async () => {
    // What a killed process leaves: a live server, and a lock that names a process which is gone.
    const script = `
      const { EmbeddedPostgres } = await import('#libs/database');
      const { dataSourceOptions } = await import('#libs/database');
      const { DataSource } = await import('typeorm');
      const { url } = await new EmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, fsync: false }).start();
      const source = await new DataSource(dataSourceOptions(url, { entities: [] })).initialize();
      await source.query('create table kept as select 42 as answer');
      process.kill(process.pid, 'SIGKILL');`;
    expect(() =>
      execFileSync(process.execPath, ['--import', TYPESCRIPT, '--input-type=module', '-e', script], {
        stdio: 'pipe',
        env: { ...process.env, NODE_OPTIONS: '' },
      }),
    ).toThrow();
    const orphans = postmasters();
    expect(orphans.length).toBeGreaterThan(0);
    const { url } = await server().start();
    expect(await ask(url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect(postmasters().some((pid) => orphans.includes(pid))).toBe(false);
  });

  it('does not take a process that has the number of a former one for it', async () => {
    const first = server();
    await first.start();
    await first.stop();
    await writeFile(
      join(dataDir, 'running.pid'),
      JSON.stringify({ pid: process.pid, mark: 'of an earlier boot' }),
    );
    const pidFile = join(dataDir, 'postgres', 'cluster', 'postmaster.pid');
    await writeFile(pidFile, `${process.pid}\n`); // the process that runs this test must survive
    await expect(server().start()).resolves.toHaveProperty('url');
  });

  it('says what PostgreSQL said when it does not start, and lets go of the directory', async () => {
    const first = server();
    await first.start();
    await first.stop();
    await writeFile(join(dataDir, 'postgres', 'cluster', 'postgresql.conf'), 'no_such_setting = 1\n');
    await expect(server().start()).rejects.toThrow(
      /did not start \(exit code \d+\):[^]*unrecognized configuration parameter "no_such_setting"/,
    );
    await expect(server().start()).rejects.toBeInstanceOf(EmbeddedPostgresFailed);
  });

  it('does not take a lock that was cut off for a live one', async () => {
    execFileSync('sh', ['-c', `printf '{"pid":' > ${dataDir}/running.pid`]);
    await expect(server().start()).resolves.toHaveProperty('url');
  });

  (isRoot ? it : it.skip)('runs as another user than root', async () => {
    await server().start();
    const status = readFileSync(`/proc/${postmasters()[0]}/status`, 'utf8');
    expect(/^Uid:\s+(\d+)/m.exec(status)?.[1]).not.toBe('0');
  });

  (isRoot ? it : it.skip)('moves the cluster where its user can get at it, and resets it there', async () => {
    await chmod(dataDir, 0o700);
    const running = server();
    const { url } = await running.start();
    await ask(url, 'create table kept as select 42 as answer');
    const place = (await readFile(join(dataDir, 'postgres-location'), 'utf8')).trim();
    await running.stop();
    const again = server();
    expect(await ask((await again.start()).url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await again.stop();
    await resetData(dataDir);
    await expect(stat(place)).rejects.toThrow('ENOENT');
    await expect(stat(dataDir)).rejects.toThrow('ENOENT');
  });
});

describe(resetData.name, () => {
  it('has nothing to do where nothing is', async () => {
    await rm(dataDir, { recursive: true });
    await expect(resetData(dataDir)).resolves.toBeUndefined();
  });
});
