import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RecordedRequest {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  /** The client's port: equal for requests over one connection. */
  clientPort: number | undefined;
  body: string;
}

export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  json?: unknown;
  /** Sent as it is, instead of `json`. */
  text?: string;
  delayMs?: number;
  /** Reads the request and closes the connection, before or in the middle of the answer. */
  drop?: 'before answer' | 'within answer';
}

/** For specs: a real HTTP server that records what it is asked and plays the replies it was given, in order. */
export class ScriptedServer {
  readonly requests: RecordedRequest[] = [];
  private readonly script: Reply[] = [];
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => void this.play(request, response));
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async start(): Promise<void> {
    await new Promise<void>((started) => this.server.listen(0, '127.0.0.1', started));
  }

  async stop(): Promise<void> {
    const stopped = new Promise((done) => this.server.close(done));
    this.server.closeAllConnections();
    await stopped;
  }

  /** Forgets what was recorded, and answers from now on with these. */
  replies(...script: Reply[]): void {
    this.requests.length = 0;
    this.script.splice(0, this.script.length, ...script);
  }

  private async play(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = request;
    const clientPort = request.socket.remotePort;
    this.requests.push({ method, url, headers, clientPort, body: Buffer.concat(chunks).toString() });
    const reply = this.script.shift() ?? { status: 418, json: { message: 'nothing left in the script' } };
    if (reply.delayMs !== undefined) await sleep(reply.delayMs, undefined, { ref: false });
    if (reply.drop === 'before answer') {
      request.socket.destroy();
      return;
    }
    const text = reply.text ?? (reply.json === undefined ? '' : JSON.stringify(reply.json));
    const promised = reply.drop === 'within answer' ? { 'content-length': '1000' } : {};
    response.writeHead(reply.status ?? 200, {
      'content-type': 'application/json',
      ...promised,
      ...reply.headers,
    });
    if (reply.drop === 'within answer') {
      response.write(text.slice(0, 1), () => request.socket.destroy());
      return;
    }
    response.end(text);
  }
}
