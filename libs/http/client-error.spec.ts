import { type Socket } from 'node:net';
import { answerClientError } from './client-error.js';

/** Records what would be sent. */
class RecordingSocket {
  sent = '';
  destroyed = false;

  constructor(readonly writable: boolean) {}

  end(text: string): void {
    this.sent = text;
  }

  destroy(): void {
    this.destroyed = true;
  }

  answer(code: string): this {
    answerClientError(Object.assign(new Error('x'), { code }), this as unknown as Socket, 'en');
    return this;
  }
}

it.each([
  ['ERR_HTTP_REQUEST_TIMEOUT', 408, 'request_timeout'],
  ['HPE_HEADER_OVERFLOW', 431, 'headers_too_large'],
  ['HPE_INVALID_METHOD', 400, 'bad_request'],
])('%s is answered with %i, and the connection ends', (nodeCode, status, code) => {
  const { sent } = new RecordingSocket(true).answer(nodeCode);
  const [head = '', body = ''] = sent.split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} [A-Z]`));
  expect(head).toContain('Connection: close');
  expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
  expect(JSON.parse(body)).toMatchObject({ code });
});

it.each([
  ['ECONNRESET', true],
  ['HPE_INVALID_METHOD', false],
])('nobody is answered who is gone (%s)', (code, writable) => {
  const socket = new RecordingSocket(writable).answer(code);
  expect(socket).toMatchObject({ sent: '', destroyed: true });
});
