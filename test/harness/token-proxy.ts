import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

type Json = Record<string, unknown>;

/** What becomes of one request to the token endpoint. */
export type Trick =
  /** HighLevel does the work; half of its answer arrives, then the connection is reset. */
  | { readonly kind: 'cut' }
  /** HighLevel never sees the request, and nobody answers. */
  | { readonly kind: 'silent' }
  /** HighLevel does the work, and nobody answers. */
  | { readonly kind: 'mute' }
  /** Somebody else answers in HighLevel's place. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body: string;
      readonly headers?: Record<string, string>;
    }
  /** HighLevel does the work, and its answer is changed on the way. */
  | { readonly kind: 'rewrite'; change(answer: Json): Json }
  /** The request waits before HighLevel sees it, or HighLevel's answer waits on its way back, until `letGo`. */
  | { readonly kind: 'hold_request' | 'hold_answer' };

/** A refresh token as it was sent to HighLevel, by its digest, and what HighLevel said; 0 while it has not. */
export interface Spending {
  readonly token: string;
  status: number;
}

const TOKEN_PATH = '/oauth/token';

/** Stands between this service and HighLevel: passes everything on, and plays tricks on the token endpoint. */
export class TokenProxy {
  readonly spendings: Spending[] = [];
  /** Requests to the token endpoint that came here, whatever became of them. */
  tokenRequests = 0;
  private tricks: Trick[] = [];
  private held: (() => void)[] = [];
  private readonly server: Server;

  private constructor(private readonly target: string) {
    this.server = createServer((request, response) => {
      this.serve(request, response).catch(() => response.destroy());
    });
  }

  /** @param target HighLevel's address */
  static async start(target: string): Promise<TokenProxy> {
    const proxy = new TokenProxy(target);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get holds(): number {
    return this.held.length;
  }

  /** Plays these on the next token requests, one each; later ones pass. */
  play(...tricks: readonly Trick[]): void {
    this.tricks.push(...tricks);
  }

  letGo(): void {
    for (const release of this.held.splice(0)) release();
  }

  reset(): void {
    this.letGo();
    this.tricks = [];
    this.spendings.length = 0;
    this.tokenRequests = 0;
  }

  /** The most often that HighLevel has taken one and the same refresh token. */
  get mostUsesOfOneToken(): number {
    const taken = this.spendings.filter(({ status }) => status >= 200 && status < 300);
    return Math.max(0, ...taken.map((one) => taken.filter(({ token }) => token === one.token).length));
  }

  async stop(): Promise<void> {
    this.letGo();
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    if (request.url !== TOKEN_PATH) return this.pass(request, response, body);
    this.tokenRequests += 1;
    const trick = this.tricks.shift();
    switch (trick?.kind) {
      case undefined:
        return this.pass(request, response, body);
      case 'silent':
        return;
      case 'mute':
        await this.forward(request, body);
        return;
      case 'answer':
        response.writeHead(trick.status, { 'content-type': 'application/json', ...trick.headers });
        response.end(trick.body);
        return;
      case 'hold_request':
        await this.hold();
        // Whoever sent it may be dead by now; then HighLevel never hears of it.
        if (!request.socket.destroyed) await this.pass(request, response, body);
        return;
      case 'hold_answer': {
        const answer = await this.forward(request, body);
        await this.hold();
        this.send(response, answer, await answer.text());
        return;
      }
      case 'cut': {
        const answer = await this.forward(request, body);
        const whole = await answer.text();
        response.writeHead(answer.status, {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(whole),
        });
        response.write(whole.slice(0, whole.length / 2), () => request.socket.resetAndDestroy());
        return;
      }
      case 'rewrite': {
        const answer = await this.forward(request, body);
        this.send(response, answer, JSON.stringify(trick.change((await answer.json()) as Json)));
      }
    }
  }

  private hold(): Promise<void> {
    return new Promise((resolve) => this.held.push(resolve));
  }

  private async pass(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    const answer = await this.forward(request, body);
    this.send(response, answer, await answer.text());
  }

  private async forward(request: IncomingMessage, body: string): Promise<Response> {
    const { method = 'GET', url = '/', headers } = request;
    const token = url === TOKEN_PATH ? new URLSearchParams(body).get('refresh_token') : null;
    const spending: Spending | undefined = token === null ? undefined : { token: digest(token), status: 0 };
    if (spending) this.spendings.push(spending);
    const kept = ['content-type', 'accept', 'authorization', 'version'].flatMap((name) =>
      headers[name] === undefined ? [] : [[name, String(headers[name])]],
    );
    const answer = await fetch(this.target + url, {
      method,
      headers: Object.fromEntries(kept) as Record<string, string>,
      body: body === '' ? undefined : body,
    });
    if (spending) spending.status = answer.status;
    return answer;
  }

  private send(response: ServerResponse, answer: Response, body: string): void {
    response.writeHead(answer.status, {
      'content-type': answer.headers.get('content-type') ?? 'text/plain',
      ...(answer.headers.has('retry-after') && { 'retry-after': answer.headers.get('retry-after') ?? '' }),
    });
    response.end(body);
  }
}

/** Tokens are compared, not kept. */
function digest(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
