import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** A port another program listens on; the message says which variable chooses another. */
export class PortTaken extends Error {
  constructor(variable: string, port: number) {
    super(
      `Port ${port} is in use. Stop what listens there, or choose another: ${variable}=${port + 10} npm start`,
    );
    this.name = 'PortTaken';
  }
}

/** Asks before anything is started, so that a taken port leaves nothing half-started behind. */
export async function assertPortFree(variable: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new PortTaken(variable, port) : error);
    });
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()));
  });
}

/** Below the ports that systems give to outgoing connections (Linux from 32,768): none of those takes it meanwhile. */
const LOWEST = 20_000;
const HIGHEST = 32_767;
const ATTEMPTS = 50;

/** A port nobody listens on at this moment. @throws Error when none was found */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(LOWEST, HIGHEST + 1);
    if (await isFree(port)) return port;
  }
  throw new Error(`Found no free port from ${LOWEST} to ${HIGHEST}`);
}

async function isFree(port: number): Promise<boolean> {
  return assertPortFree('PORT', port).then(
    () => true,
    () => false,
  );
}
