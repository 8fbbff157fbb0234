import { AsyncLocalStorage } from 'node:async_hooks';

/** Fields that every log line of one piece of work carries. */
export interface LogContext {
  requestId?: string;
  accountId?: number;
  userId?: number;
  hookId?: number;
}

/** The context of the running request or job: `requestContext.run({ requestId }, work)`. */
export const requestContext = new AsyncLocalStorage<LogContext>();

/** Adds fields for the rest of the running piece of work; outside of one it does nothing. */
export function addLogContext(fields: LogContext): void {
  const context = requestContext.getStore();
  if (context) Object.assign(context, fields);
}
