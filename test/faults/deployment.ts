import { randomBytes } from 'node:crypto';
import { freePort } from '#apps/standalone/free-port.js';
import { ServiceProcess } from '../harness/service-process.js';

interface Member {
  readonly script: string;
  readonly port: string;
  process: ServiceProcess | undefined;
}

/** Processes of a deployment, of which any may die at any time and is then started again, as an orchestrator does. */
export class Deployment {
  private readonly members: Member[] = [];

  private constructor(private readonly env: Record<string, string>) {}

  static async start(
    env: Record<string, string>,
    { apis, workers }: { apis: number; workers: number },
  ): Promise<Deployment> {
    const secret = randomBytes(32).toString('base64url');
    const deployment = new Deployment({ NODE_ENV: 'production', SESSION_SECRET: secret, ...env });
    const scripts = [
      ...Array<string>(apis).fill('api/main.js'),
      ...Array<string>(workers).fill('worker/main.js'),
    ];
    for (const script of scripts) {
      const member = { script, port: String(await freePort()), process: undefined };
      deployment.members.push(member);
      await deployment.launch(member);
    }
    return deployment;
  }

  /** Where deliveries can be sent, whether or not the process behind lives at the moment. */
  get apiUrls(): string[] {
    return this.members
      .filter(({ script }) => script.startsWith('api/'))
      .map(({ port }) => `http://127.0.0.1:${port}`);
  }

  /** @param dice between 0 and 1: which of them. Resolves when it is back. */
  async killOne(dice: number): Promise<void> {
    const member = this.members[Math.floor(dice * this.members.length)];
    if (!member) return;
    await member.process?.kill();
    await this.launch(member);
  }

  async stop(): Promise<void> {
    for (const { process } of this.members) await process?.stop();
  }

  private async launch(member: Member): Promise<void> {
    member.process = await ServiceProcess.start(member.script, { ...this.env, PORT: member.port });
  }
}
