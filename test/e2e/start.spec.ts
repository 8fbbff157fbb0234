import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SystemProcess } from '../harness/system-process.js';
import { openUserContext } from '../simulator/open-user-context.js';

describe('npm start', () => {
  it('says which variable chooses another port when one is taken, and starts nothing', async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    const { port } = occupant.address() as AddressInfo;
    const system = await SystemProcess.prepare({ PORT: String(port) });
    expect(await system.runToEnd()).toBe(1);
    expect(system.output).toContain(`Port ${port} is in use`);
    expect(system.output).toContain('PORT=');
    expect(system.output).not.toContain('    at ');
    occupant.close();
    await system.dispose();
  });

  it('names a wrong variable and what is expected, and ends with 1', async () => {
    const system = await SystemProcess.prepare({ LOG_LEVEL: 'loud' });
    expect(await system.runToEnd()).toBe(1);
    expect(system.output).toContain('LOG_LEVEL');
    expect(system.output).toContain('loud');
    expect(system.output).not.toContain('    at ');
    await system.dispose();
  });

  it('runs twice side by side, and refuses to share a data directory', async () => {
    const first = await SystemProcess.prepare();
    const second = await SystemProcess.prepare();
    await Promise.all([first.start(), second.start()]);
    const intruder = await SystemProcess.prepare({ DATA_DIR: first.dataDir });
    expect(await intruder.runToEnd()).toBe(1);
    expect(intruder.output).toContain(String(first.pid));
    expect((await fetch(`${first.apiUrl}/health/ready`)).status).toBe(200);
    expect((await fetch(`${second.apiUrl}/health/ready`)).status).toBe(200);
    await Promise.all([first.dispose(), second.dispose()]);
  });

  it("puts this service's page into HighLevel's frame, and makes the secret that both share", async () => {
    const system = await SystemProcess.prepare();
    await system.start();
    const inHighLevel = async <T>(path: string, body?: object): Promise<T> => {
      const answer = await fetch(`${system.simulatorUrl}/_sim${path}`, {
        ...(body && {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      });
      return (await answer.json()) as T;
    };
    const { customPageUrl } = await inHighLevel<{ customPageUrl: string }>('/settings');
    expect(customPageUrl).toBe(`${system.apiUrl}/ghl/sso`);

    const { users } = await inHighLevel<{ users: { id: string }[] }>('/users');
    const userId = users[0]!.id;
    const { payload } = await inHighLevel<{ payload: string }>('/user-context', { userId });
    const secrets = JSON.parse(readFileSync(join(system.dataDir, 'secrets.json'), 'utf8')) as Record<
      string,
      string
    >;
    expect(openUserContext(payload, secrets['GHL_SHARED_SECRET']!)).toMatchObject({ userId });
    await system.dispose();
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'stops every process on %s and leaves nothing behind',
    async (signal) => {
      const system = await SystemProcess.prepare();
      await system.start();
      expect(processesNaming(system.dataDir)).not.toEqual([]);
      expect(await system.kill(signal)).toBe(0);
      expect(processesNaming(system.dataDir)).toEqual([]);
      await system.dispose();
    },
  );

  it('starts again after it was killed, although its database was left running', async () => {
    const system = await SystemProcess.prepare();
    await system.start();
    await system.kill('SIGKILL');
    system.output = '';
    await system.start();
    expect((await fetch(`${system.apiUrl}/health/ready`)).status).toBe(200);
    await system.dispose();
    expect(processesNaming(system.dataDir)).toEqual([]);
  });
});

/** Process ids whose command line names the directory: the server was started with it. */
function processesNaming(dataDir: string): string[] {
  const pids = execFileSync('ls', ['/proc'], { encoding: 'utf8' })
    .split('\n')
    .filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dataDir);
    } catch {
      return false; // ended meanwhile
    }
  });
}
