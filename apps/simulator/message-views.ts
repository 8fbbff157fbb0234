import { escapeHtml } from './escape-html.js';
import { type Json, type Message } from './model.js';
import { withoutUndefined } from './records.js';

/** HL 6.9. */
const TYPES = {
  SMS: { messageTypeId: 2, messageTypeString: 'TYPE_SMS' },
  Email: { messageTypeId: 3, messageTypeString: 'TYPE_EMAIL' },
} as const;

/** A message inside an event (HL 4.8): an e-mail has ids of its own, no status, and HTML for a body. */
export function messageEventView(message: Message): Json {
  const { id, channel, direction, body, subject, threadId, from, to, userId, ...ids } = message;
  return withoutUndefined({
    ...ids,
    attachments: [],
    direction,
    messageType: channel,
    ...TYPES[channel],
    userId,
    ...(direction === 'outbound' && { source: 'app' }),
    from,
    ...(channel === 'Email'
      ? { emailMessageId: id, threadId, subject, body: htmlOf(body), to: [to], cc: [], bcc: [] }
      : { messageId: id, body, contentType: 'text/plain', status: 'delivered', to }),
  });
}

/** A paragraph for each line. */
function htmlOf(text: string): string {
  return text
    .split('\n')
    .map((line) => `<p>${escapeHtml(line)}</p>`)
    .join('');
}
