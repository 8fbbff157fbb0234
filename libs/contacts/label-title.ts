import { createHash } from 'node:crypto';
import { clipText, fitsColumn, storableText } from './storable.js';

/** Chatwoot wants a letter or digit first and two characters at least: `[\p{L}\p{N}]+[\p{L}\p{N}_-]+`. */
const TITLE = /^[\p{L}\p{N}][\p{L}\p{N}_-]+$/u;
const NOT_ALLOWED = /[^\p{L}\p{N}_-]+/gu;
const NO_BEGINNING = /^[_-]+/;

/**
 * The label that stands for a tag: always the same for the same tag, and itself for what is a title already.
 * `VIP Kunde!` → `vip-kunde`. Different tags may share a label.
 */
export function labelTitle(tag: string): string {
  const text = storableText(tag).trim().toLowerCase();
  if (TITLE.test(text) && fitsColumn(text)) return text;
  const title = clipText(text.replaceAll(NOT_ALLOWED, '-').replace(NO_BEGINNING, ''));
  const trimmed = title.replace(/-+$/, '');
  if (TITLE.test(trimmed)) return trimmed;
  // One character is too short for Chatwoot; of 🔥 nothing is left.
  return trimmed === ''
    ? `tag-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`
    : `tag-${trimmed}`;
}
