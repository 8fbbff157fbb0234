import { type Provider } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { loadConfig } from '#libs/config';
import { QueueModule, WakeUps } from '#libs/queue';
import { RecordingInboundProcessor, RecordingOutboundProcessor, Work } from './recording-processors.js';

/** What a log line was about. */
export interface Logged {
  readonly level: 'warn' | 'error';
  readonly msg: string;
}

/** One process of the service as far as the queue goes: the module, and the processors unless it only rings. */
export interface QueueProcess {
  readonly app: TestingModule;
  readonly wakeUps: WakeUps;
  readonly work: Work;
  readonly logged: Logged[];
}

export async function startQueueProcess(
  redisUrl: string | undefined,
  role: 'rings' | 'works' = 'works',
): Promise<QueueProcess> {
  const config = loadConfig({ NODE_ENV: 'test', ...(redisUrl !== undefined && { REDIS_URL: redisUrl }) });
  const processors: Provider[] = [RecordingInboundProcessor, RecordingOutboundProcessor];
  const logged: Logged[] = [];
  const remember = (level: Logged['level']) => (message: unknown) => {
    logged.push({ level, msg: (message as { msg?: string }).msg ?? String(message) });
  };
  const app = await Test.createTestingModule({
    imports: [QueueModule.register(config)],
    providers: [Work, ...(role === 'works' ? processors : [])],
  })
    .setLogger({ log: () => undefined, warn: remember('warn'), error: remember('error') })
    .compile();
  await app.init();
  return { app, wakeUps: app.get(WakeUps), work: app.get(Work), logged };
}
