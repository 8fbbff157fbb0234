import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Debian and Homebrew call it so; no package of the registry ships it. */
const BINARY = 'redis-server';

export function redisIsInstalled(): boolean {
  return spawnSync(BINARY, ['--version'], { stdio: 'ignore' }).status === 0;
}

export interface RedisOptions {
  /** Writes everything to a file and syncs it this often; without it nothing outlives the process. */
  readonly appendfsync?: 'always' | 'everysec';
}

/** A real Redis of one test file, on a port of its own. */
export class RedisServer {
  private process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly directory: string,
    private readonly options: RedisOptions,
  ) {}

  static async start(options: RedisOptions = {}): Promise<RedisServer> {
    const directory = await mkdtemp(join(tmpdir(), 'deskflow-ghl-redis-'));
    const server = new RedisServer(await freePort(), directory, options);
    await server.resume();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it again after `halt()`, at the same address; empty, unless it writes a file. */
  async resume(): Promise<void> {
    const { appendfsync } = this.options;
    const durability = appendfsync
      ? ['--appendonly', 'yes', '--appendfsync', appendfsync]
      : ['--appendonly', 'no'];
    const settings = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', ...durability];
    this.process = spawn(BINARY, [...settings, '--dir', this.directory], { stdio: 'ignore' });
    while (!(await accepts(this.port))) {
      if (this.process.exitCode !== null) throw new Error(`redis-server ended with ${this.process.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** As a crash would: what it held is gone. */
  async halt(): Promise<void> {
    if (!this.process || this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exit = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exit;
  }

  async stop(): Promise<void> {
    await this.halt();
    await rm(this.directory, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
