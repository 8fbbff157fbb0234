import { createDecipheriv, createHash } from 'node:crypto';

/** What a receiver does with a user context: `openssl enc -d -aes-256-cbc -md md5 -a -A` (HL 8.2). */
export function openUserContext(payload: string, secret: string): Record<string, unknown> {
  const bytes = Buffer.from(payload, 'base64');
  if (bytes.subarray(0, 8).toString() !== 'Salted__') throw new Error(`not a user context: ${payload}`);
  const salted = Buffer.concat([Buffer.from(secret), bytes.subarray(8, 16)]);
  const md5 = (before: Buffer): Buffer => createHash('md5').update(before).update(salted).digest();
  const first = md5(Buffer.alloc(0));
  const second = md5(first);
  const decipher = createDecipheriv('aes-256-cbc', Buffer.concat([first, second]), md5(second));
  const text = Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]).toString();
  return JSON.parse(text) as Record<string, unknown>;
}
