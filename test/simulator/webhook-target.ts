import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

export interface Received {
  headers: IncomingHttpHeaders;
  raw: Buffer;
  event: Record<string, unknown>;
}

/** The app's end of the webhooks: keeps what arrives, and answers 200 or what it was told to. */
export class WebhookTarget {
  readonly received: Received[] = [];
  /** Statuses of the next answers, in order. */
  answers: number[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<WebhookTarget> {
    const server = createServer();
    const target = new WebhookTarget(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const raw = Buffer.concat(chunks);
        target.received.push({ headers: request.headers, raw, event: parse(raw) });
        response.writeHead(target.answers.shift() ?? 200).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return target;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/webhooks`;
  }

  get types(): unknown[] {
    return this.received.map(({ event }) => event['type']);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

function parse(raw: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(raw.toString()) as Record<string, unknown>;
  } catch {
    return {};
  }
}
