/** What runs at shutdown gets this long to finish (milliseconds); container platforms kill after 10 s or more. */
export const STOP_WITHIN_MS = 8_000;

/** Whether the work ended within the time. Its failure is an end, too; the work goes on when the time is over. */
export async function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const ended = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([ended, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
