import { STATUS_CODES } from 'node:http';
import { type Socket } from 'node:net';
import { type ErrorCode } from '#libs/errors';
import { type Locale, say } from '#libs/i18n';
import { ERROR_ANSWERS, sentenceOfCode } from './error-answers.js';

const CODE_OF_NODE_ERROR: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
};

/** Answers what is no HTTP request at all, or too large a one, before any route sees it; then hangs up. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket, locale: Locale): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = CODE_OF_NODE_ERROR[error.code ?? ''] ?? 'bad_request';
  const { status } = ERROR_ANSWERS[code];
  const body = JSON.stringify({ error: say(locale, sentenceOfCode(code)), code });
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
