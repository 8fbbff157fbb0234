import { deriveKey, type EncryptionKey, type KeyDigest } from './encryption-keys.js';
import { looksSealed, openEnvelope, parseEnvelope, sealEnvelope } from './token-envelope.js';
import { type TokenSubject } from './token-subject.js';
import { TokenUnreadable, type UnreadableReason } from './token-unreadable.js';

/** The texts of the ACTIVE_RECORD_ENCRYPTION_* variables. Of several keys the first writes and all read. */
export interface TokenVaultOptions {
  readonly primaryKeys: readonly string[];
  readonly deterministicKeys: readonly string[];
  readonly salt: string | undefined;
  /** The digest that writes. Both are read, because the key reference tells which one made an envelope. */
  readonly digest: KeyDigest;
}

/**
 * Encrypts tokens at rest exactly as DeskFlow's models do, so that either program reads what the other wrote (DM 8).
 * Chatwoot encrypts only when all three variables are set; so does this class.
 */
export class TokenVault {
  private constructor(
    private readonly writingKey: EncryptionKey | undefined,
    private readonly readingKeys: readonly EncryptionKey[],
  ) {}

  /** Derives every key once (about 20 ms each, off the main thread). */
  static async create(options: TokenVaultOptions): Promise<TokenVault> {
    const { primaryKeys, deterministicKeys, salt, digest } = options;
    if (!salt || primaryKeys.length === 0 || deterministicKeys.length === 0)
      return new TokenVault(undefined, []);
    const otherDigest: KeyDigest = digest === 'sha1' ? 'sha256' : 'sha1';
    const passwords = [...deterministicKeys, ...primaryKeys];
    const keys = await Promise.all(
      [digest, otherDigest].flatMap((each) => passwords.map((password) => deriveKey(password, salt, each))),
    );
    return new TokenVault(keys[0], keys);
  }

  /** Whether what is sealed from now on is encrypted; otherwise it stays clear text. */
  get encrypts(): boolean {
    return this.writingKey !== undefined;
  }

  /** Whether a stored value is in an envelope. Says nothing about whether it can be opened. */
  isSealed(stored: string): boolean {
    return looksSealed(stored);
  }

  /**
   * Whether a stored value is as it would be stored today.
   * @param seals false for a value that is to be in clear in any case
   */
  isCurrent(stored: string, seals = true): boolean {
    if (!seals || !this.writingKey) return !looksSealed(stored);
    const envelope = parseEnvelope(stored);
    return (
      envelope?.keyReference === this.writingKey.reference &&
      'text' in openEnvelope(envelope, this.writingKey)
    );
  }

  /** The text to store: an envelope, or the value itself when no keys are configured. */
  seal(plain: string): string {
    return this.writingKey ? sealEnvelope(plain, this.writingKey) : plain;
  }

  /**
   * The token behind a stored value; clear text passes through.
   * @param of the id of the hook whose token it is, or what else it belongs to
   * @throws TokenUnreadable for anything that looks like an envelope and does not open. ActiveRecord would return
   * the envelope itself, which must never be sent as a token.
   */
  open(stored: string, of: number | TokenSubject): string {
    if (!looksSealed(stored)) return stored;
    const subject = typeof of === 'number' ? { hook_id: of } : of;
    const envelope = parseEnvelope(stored);
    if (!envelope) throw new TokenUnreadable(subject, 'malformed_envelope');
    const { keyReference } = envelope;
    // References are 16 bits, so several keys may share one, and an envelope without a reference is tried with all.
    const candidates = this.readingKeys.filter(
      (key) => keyReference === undefined || key.reference === keyReference,
    );
    let reason: UnreadableReason = this.encrypts ? 'unknown_key_reference' : 'no_keys_configured';
    for (const key of candidates) {
      const opened = openEnvelope(envelope, key);
      if ('text' in opened) return opened.text;
      // A key that authenticates but does not yield text says more than the keys that do not fit.
      if (reason !== 'not_compressed' && reason !== 'not_text') reason = opened.unreadable;
    }
    throw new TokenUnreadable(subject, reason);
  }
}
