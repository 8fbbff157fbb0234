import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

/** Asks whoever frames it who is signed in, as an app's page does (HL 8.1), and shows the answer. */
const PAGE = `<!doctype html>
<html lang="en">
<title>A page of the app</title>
<h1>A page of the app</h1>
<output id="answer">not answered</output>
<script>
  addEventListener('message', ({ source, data }) => {
    if (source !== parent || data.message !== 'REQUEST_USER_DATA_RESPONSE') return;
    document.getElementById('answer').textContent = data.payload;
  });
  parent.postMessage({ message: 'REQUEST_USER_DATA' }, '*');
</script>
</html>
`;

/** The app's end of HighLevel's frame, at an origin of its own. */
export class FramedPage {
  private constructor(private readonly server: Server) {}

  static async start(): Promise<FramedPage> {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(PAGE);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FramedPage(server);
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `${this.origin}/app/page`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
