/** Whether wake-ups can travel. */
export abstract class QueueHealth {
  /** @throws Unavailable when Redis does not answer; in-process wake-ups are always there. */
  abstract check(): Promise<void>;
}
