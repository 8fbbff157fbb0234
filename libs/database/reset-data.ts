import { rm } from 'node:fs/promises';
import { clusterCandidates, removeCluster } from './cluster-location.js';
import { refuseIfInUse } from './data-dir-lock.js';
import { stopOrphan } from './postmaster.js';
import { isErrno } from './process-identity.js';

/**
 * Removes a data directory and the cluster that belongs to it, wherever it had to go.
 * @throws DataDirInUse while a live copy works in it.
 */
export async function resetData(dataDir: string): Promise<void> {
  try {
    await refuseIfInUse(dataDir);
    for (const cluster of await clusterCandidates(dataDir)) await stopOrphan(cluster);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  await removeCluster(dataDir);
  await rm(dataDir, { recursive: true, force: true });
}
