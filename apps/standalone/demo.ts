import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { MainJob } from './main-job.js';
import { startSystem } from './system.js';

/** Plays the main job against a system of its own, on free ports and an empty data directory; exit code 0 means every step held. */
const dataDir = await mkdtemp(join(tmpdir(), 'deskflow-ghl-demo-'));
const print = (line: string): void => void process.stdout.write(`${line}\n`);

const verified = await (async () => {
  const system = await startSystem({
    ...process.env,
    DATA_DIR: dataDir,
    DATABASE_URL: undefined,
    PORT: String(await freePort()),
    SIMULATOR_PORT: String(await freePort()),
  });
  print(`A fresh system: API ${system.apiUrl}, simulator ${system.simulatorUrl}`);
  try {
    return await new MainJob(system, print).play();
  } finally {
    await system.stop();
  }
})()
  .catch((error: unknown) => {
    print(`✗ ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  })
  .finally(() => rm(dataDir, { recursive: true, force: true }));

if (verified === undefined) process.exitCode = 1;
else print(`demo: ${verified} steps verified`);
