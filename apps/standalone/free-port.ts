import { type AddressInfo, createServer } from 'node:net';

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

/** A port nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
