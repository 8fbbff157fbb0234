import { Ring } from './ring.js';

/** A call of the app. Query and body are left out: they hold codes and secrets. */
export interface LoggedRequest {
  /** ISO 8601. */
  at: string;
  method: string;
  path: string;
  /** 0: the connection was dropped before an answer. */
  status: number;
  durationMs: number;
  /** The fault that struck it. */
  fault?: string;
}

export const REMEMBERED_REQUESTS = 10_000;

/** The newest calls of the app's; the control API's and the consent page's are not among them. */
export class RequestLog {
  /** All that were ever made, those included that are forgotten by now. */
  total = 0;
  private readonly ring = new Ring<LoggedRequest>(REMEMBERED_REQUESTS);

  record(request: LoggedRequest): void {
    this.total += 1;
    this.ring.push(request);
  }

  /** Oldest first. */
  list(): LoggedRequest[] {
    return this.ring.list();
  }

  /** @param path the whole path, or what it must match */
  count(method?: string, path?: string | RegExp, status?: number): number {
    return this.list().filter(
      (request) =>
        (method === undefined || request.method === method) &&
        (path === undefined ||
          (typeof path === 'string' ? request.path === path : path.test(request.path))) &&
        (status === undefined || request.status === status),
    ).length;
  }

  clear(): void {
    this.total = 0;
    this.ring.clear();
  }
}
