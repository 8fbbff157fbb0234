import { Process, Processor } from '@nestjs/bull';
import { Injectable } from '@nestjs/common';
import { HOOKS_AT_ONCE, type Lane, type WakeUp } from '#libs/queue';

/** What the processors of a test do and did. */
@Injectable()
export class Work {
  readonly runs: { lane: Lane; hookId: number }[] = [];
  /** Hooks being worked on now, each as often as it is worked on. */
  readonly running: number[] = [];
  mostAtOnce = 0;
  overlapped = false;
  /** What a run does; it lasts as long as the answer. */
  during: (hookId: number) => Promise<void> = () => Promise.resolve();

  async run(lane: Lane, hookId: number): Promise<void> {
    this.overlapped ||= this.running.includes(hookId);
    this.running.push(hookId);
    this.mostAtOnce = Math.max(this.mostAtOnce, this.running.length);
    this.runs.push({ lane, hookId });
    try {
      await this.during(hookId);
    } finally {
      this.running.splice(this.running.indexOf(hookId), 1);
    }
  }

  runsOf(hookId: number): number {
    return this.runs.filter((run) => run.hookId === hookId).length;
  }
}

@Processor('inbound')
export class RecordingInboundProcessor {
  constructor(private readonly work: Work) {}

  @Process({ concurrency: HOOKS_AT_ONCE })
  async wakeUp({ data }: WakeUp): Promise<void> {
    await this.work.run('inbound', data.hookId);
  }
}

@Processor('outbound')
export class RecordingOutboundProcessor {
  constructor(private readonly work: Work) {}

  @Process({ concurrency: HOOKS_AT_ONCE })
  async wakeUp({ data }: WakeUp): Promise<void> {
    await this.work.run('outbound', data.hookId);
  }
}
