import { createHash } from 'node:crypto';
import { chmod, lchown, mkdir, readdir, realpath, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EmbeddedPostgresFailed } from './embedded-errors.js';
import { readIfThere } from './process-identity.js';
import { type ServerFiles, copyServer, installedServer } from './server-files.js';
import { type SystemUser, canUse, serverUser } from './system-user.js';

/** Where the cluster goes when the server's user cannot get at the data directory or at the installed package. */
const RELOCATED_ROOT = '/var/lib/deskflow-ghl';

/** In the data directory: names the relocated place, so that a reset finds it. */
const POINTER_FILE = 'postgres-location';

const HOME_DIR = 'postgres';
const CLUSTER_DIR = 'cluster';

/** What it takes to run one server: its program files, its data, and the user who owns them. */
export interface ClusterLocation {
  readonly server: ServerFiles;
  /** Holds the cluster and drafts of it; owned by the server's user. */
  readonly home: string;
  readonly cluster: string;
  readonly user: SystemUser | undefined;
}

/**
 * Finds out where the cluster of a data directory can live, and prepares the place.
 * @throws EmbeddedPostgresFailed
 */
export async function locateCluster(dataDir: string): Promise<ClusterLocation> {
  const [server, user] = await Promise.all([installedServer(), serverUser()]);
  const place = await relocatedPlace(dataDir);
  if (place && user) return relocated(place, server, user);

  const home = join(await realpath(dataDir), HOME_DIR);
  await mkdir(home, { recursive: true, mode: 0o700 });
  if (user) await giveTo(user, home);
  if (!user || (await canUse(user, server.postgres, home))) return at(home, server, user);

  try {
    await rmdir(home);
  } catch (cause) {
    throw new EmbeddedPostgresFailed(
      `The user of PostgreSQL can no longer get at ${home}, where its data is. Make the directories above it accessible (chmod o+x), or start as the user who owns them.`,
      { cause },
    );
  }
  const newPlace = join(RELOCATED_ROOT, createHash('sha256').update(home).digest('hex').slice(0, 16));
  await writeFile(join(dataDir, POINTER_FILE), `${newPlace}\n`);
  return relocated(newPlace, server, user);
}

/** Removes the cluster of a data directory, wherever it lives. */
export async function removeCluster(dataDir: string): Promise<void> {
  const place = await relocatedPlace(dataDir);
  if (place) await rm(place, { recursive: true, force: true });
  await rm(join(dataDir, HOME_DIR), { recursive: true, force: true });
}

/** The paths at which a cluster of this data directory may be. */
export async function clusterCandidates(dataDir: string): Promise<string[]> {
  const place = await relocatedPlace(dataDir);
  return [await realpath(dataDir), ...(place ? [place] : [])].map((path) =>
    join(path, HOME_DIR, CLUSTER_DIR),
  );
}

async function relocated(place: string, installed: ServerFiles, user: SystemUser): Promise<ClusterLocation> {
  const home = join(place, HOME_DIR);
  await mkdir(home, { recursive: true, mode: 0o700 });
  await chmod(RELOCATED_ROOT, 0o755);
  const server = await copyServer(installed, join(place, 'server'));
  await giveTo(user, place);
  return at(home, server, user);
}

/** Only a place of our own making is believed: what the pointer names will one day be removed with all it holds. */
async function relocatedPlace(dataDir: string): Promise<string | undefined> {
  const place = (await readIfThere(join(dataDir, POINTER_FILE)))?.trim();
  const isOurs = place && dirname(place) === RELOCATED_ROOT && /^[0-9a-f]{16}$/.test(basename(place));
  return isOurs ? place : undefined;
}

function at(home: string, server: ServerFiles, user: SystemUser | undefined): ClusterLocation {
  return { server, home, cluster: join(home, CLUSTER_DIR), user };
}

/** PostgreSQL insists on owning its files. Root, or another user's earlier run, may have made some of them. */
async function giveTo(user: SystemUser, path: string): Promise<void> {
  await lchown(path, user.uid, user.gid);
  for (const entry of await readdir(path, { recursive: true })) {
    await lchown(join(path, entry), user.uid, user.gid);
  }
}
