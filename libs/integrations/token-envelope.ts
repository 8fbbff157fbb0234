import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { deflate } from 'pako';
import { type EncryptionKey } from './encryption-keys.js';
import { type UnreadableReason } from './token-unreadable.js';

/** The column text of ActiveRecord::Encryption, parsed and decoded (DM 8). */
export interface Envelope {
  readonly ciphertext: Buffer;
  readonly iv: Buffer;
  readonly tag: Buffer;
  readonly keyReference: string | undefined;
  readonly compressed: boolean;
}

/** What opening an envelope with one key came to. */
export type Opened = { readonly text: string } | { readonly unreadable: UnreadableReason };

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
/** Node would accept shorter, forgeable tags unless told the length; ActiveRecord refuses them. */
const TAG_BYTES = 16;
/** ActiveRecord compresses what is longer; 140 itself is stored as it is. */
const COMPRESS_ABOVE_BYTES = 140;
/** Tokens are about 1 kB. Bounds what a hostile stream may expand to, since `h.c` is not authenticated. */
const MAX_INFLATED_BYTES = 1_048_576;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A bearer token has no braces (RFC 6750 2.1), so a text that has one at either end is an envelope, whole or damaged. */
export function looksSealed(stored: string): boolean {
  return stored.startsWith('{') || stored.endsWith('}');
}

/** The decoded envelope, or undefined when the text is not one. */
export function parseEnvelope(stored: string): Envelope | undefined {
  const outer = parseObject(stored);
  const headers = outer?.h;
  if (!isObject(headers)) return undefined;
  const ciphertext = decode(outer?.p);
  const iv = decode(headers.iv);
  const tag = decode(headers.at);
  const keyReference = headers.i === undefined ? undefined : decode(headers.i)?.toString('latin1');
  if (!ciphertext || iv?.length !== IV_BYTES || !tag) return undefined;
  if (headers.i !== undefined && keyReference === undefined) return undefined;
  return { ciphertext, iv, tag, keyReference, compressed: headers.c === true };
}

/**
 * Seals deterministically: the same text and key give the same bytes as ActiveRecord's.
 * pako, because its stream equals Ruby's zlib where Node's own never does (DM 8).
 */
export function sealEnvelope(text: string, key: EncryptionKey): string {
  const clear = Buffer.from(text, 'utf8');
  const compressed = clear.length > COMPRESS_ABOVE_BYTES;
  const content = compressed ? Buffer.from(deflate(clear)) : clear;
  const iv = createHmac('sha256', key.secret).update(content).digest().subarray(0, IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key.secret, iv, { authTagLength: TAG_BYTES });
  const ciphertext = Buffer.concat([cipher.update(content), cipher.final()]);
  return JSON.stringify({
    p: ciphertext.toString('base64'),
    h: {
      iv: iv.toString('base64'),
      at: cipher.getAuthTag().toString('base64'),
      i: Buffer.from(key.reference, 'latin1').toString('base64'),
      ...(compressed ? { c: true } : {}),
    },
  });
}

/** Decrypts with one key. Never throws for what the envelope contains. */
export function openEnvelope(envelope: Envelope, key: EncryptionKey): Opened {
  if (envelope.tag.length !== TAG_BYTES) return { unreadable: 'invalid_tag_length' };
  const content = decrypt(envelope, key);
  if (!content) return { unreadable: 'not_authentic' };
  const clear = envelope.compressed ? inflate(content) : content;
  if (!clear) return { unreadable: 'not_compressed' };
  try {
    return { text: utf8.decode(clear) };
  } catch {
    return { unreadable: 'not_text' };
  }
}

function decrypt(envelope: Envelope, key: EncryptionKey): Buffer | undefined {
  const decipher = createDecipheriv(ALGORITHM, key.secret, envelope.iv, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(envelope.tag);
  try {
    return Buffer.concat([decipher.update(envelope.ciphertext), decipher.final()]);
  } catch {
    return undefined;
  }
}

function inflate(content: Buffer): Buffer | undefined {
  try {
    return inflateSync(content, { maxOutputLength: MAX_INFLATED_BYTES });
  } catch {
    return undefined;
  }
}

function decode(value: unknown): Buffer | undefined {
  return typeof value === 'string' && BASE64.test(value) ? Buffer.from(value, 'base64') : undefined;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
