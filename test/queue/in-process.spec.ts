import { Process, Processor } from '@nestjs/bull';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { loadConfig } from '#libs/config';
import { QueueModule } from '#libs/queue';
import { startQueueProcess } from './queue-process.js';
import { settle } from './until.js';
import { wakeUpsContract } from './wake-ups-contract.js';

describe('Wake-ups without Redis', () => {
  wakeUpsContract(() => undefined);

  it('reach nobody in a process without processors', async () => {
    const { app, wakeUps, work } = await startQueueProcess(undefined, 'rings');
    wakeUps.ring('inbound', 1);
    await settle();
    expect(work.runs).toEqual([]);
    await app.close();
  });

  it('refuse a processor of a lane that does not exist', async () => {
    @Processor('sideways')
    class SidewaysProcessor {
      @Process()
      wakeUp(): void {
        return;
      }
    }
    await expect(startWith(SidewaysProcessor)).rejects.toThrow('SidewaysProcessor processes "sideways"');
  });

  it('refuse a processor without a method to call', async () => {
    @Processor('inbound')
    class IdleProcessor {}
    await expect(startWith(IdleProcessor)).rejects.toThrow('IdleProcessor needs one @Process() method');
  });

  it('refuse two processors of one lane', async () => {
    @Processor('inbound')
    class OneProcessor {
      @Process()
      wakeUp(): void {
        return;
      }
    }
    @Injectable()
    class OtherProcessor extends OneProcessor {}
    Processor('inbound')(OtherProcessor);
    await expect(startWith(OneProcessor, OtherProcessor)).rejects.toThrow(
      'The inbound lane has two processors',
    );
  });
});

async function startWith(...providers: (new () => object)[]): Promise<void> {
  const config = loadConfig({ NODE_ENV: 'test' });
  const app = await Test.createTestingModule({
    imports: [QueueModule.register(config)],
    providers,
  }).compile();
  await app.init();
}
