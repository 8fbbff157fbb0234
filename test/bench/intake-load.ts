import autocannon from 'autocannon';
import { type EventSource } from './contact-events.js';

/** What a server did under load. Latencies in milliseconds. */
export interface Measured {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/**
 * Sends events, each once, over kept connections, one request at a time on each. The load takes its share of the
 * machine, the same for every server.
 * @throws Error when any answer was not a 200
 */
export async function measureIntake(
  url: string,
  events: EventSource,
  { connections, seconds }: { connections: number; seconds: number },
): Promise<Measured> {
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    method: 'POST',
    setupClient: (client) => {
      const prepare = (): void => {
        const { body, signature } = events.next();
        client.setHeadersAndBody({ 'content-type': 'application/json', 'x-ghl-signature': signature }, body);
      };
      prepare();
      client.on('response', prepare);
    },
  });
  const { non2xx, errors, timeouts, requests, latency, duration } = result;
  if (non2xx + errors + timeouts > 0)
    throw new Error(`${url}: ${non2xx} refused, ${errors} errors, ${timeouts} timeouts`);
  return { perSecond: requests.total / duration, p50: latency.p50, p99: latency.p99 };
}
