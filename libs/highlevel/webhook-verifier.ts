import { createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';

export type SignatureScheme = 'ed25519' | 'hmac' | 'rsa';

/**
 * Why a delivery was refused: no signature at all, a header sent twice, a text that is no signature of any
 * scheme, a scheme without a key here, or bytes that nobody we trust signed.
 */
export type SignatureRefusal = 'missing' | 'repeated' | 'malformed' | 'scheme_disabled' | 'mismatch';

export type Verification = { ok: true; scheme: SignatureScheme } | { ok: false; reason: SignatureRefusal };

type SignatureHeader = string | readonly string[] | undefined;

export interface SignatureHeaders {
  /** `X-GHL-Signature` */
  ghlSignature?: SignatureHeader;
  /** `X-WH-Signature` */
  whSignature?: SignatureHeader;
}

export interface WebhookVerifierOptions {
  /** PEM or base64 DER (SPKI). */
  ed25519PublicKeys: readonly string[];
  /** PEM or base64 DER (SPKI). Empty switches the legacy scheme off. */
  rsaPublicKeys: readonly string[];
  /** For our own tools: HighLevel never signs with HMAC (HL 4.2). Empty switches the scheme off. */
  hmacSecrets: readonly string[];
}

/** A key in the configuration that cannot be used. Says which one, never its text. */
export class SigningKeyInvalid extends Error {
  constructor(
    readonly option: keyof WebhookVerifierOptions,
    readonly index: number,
    expected: string,
  ) {
    super(`${option}[${index}] is not ${expected}`);
    this.name = 'SigningKeyInvalid';
  }
}

/** HighLevel writes this where it has no signature to send (HL 0). */
const NO_SIGNATURE = 'N/A';

const ED25519_BYTES = 64;
const SHA256_BYTES = 32;
/** base64 of an Ed25519 signature; longer texts are not worth decoding. */
const CURRENT_TEXT_MAX_LENGTH = 88;
const HMAC_HEX = /^[0-9a-f]{64}$/i;
/** base64 of an RSA signature of 16,384 bits, four times HighLevel's; longer texts are not worth decoding. */
const RSA_TEXT_MAX_LENGTH = 2732;
/** NIST SP 800-131A: shorter RSA keys no longer count as safe. */
const RSA_MIN_BITS = 2048;

/** Verifies webhook deliveries over their raw bytes (HL 4.2). Never throws once constructed. */
export class WebhookVerifier {
  private readonly ed25519Keys: readonly KeyObject[];
  private readonly rsaKeys: readonly KeyObject[];
  private readonly hmacSecrets: readonly Buffer[];

  /** @throws SigningKeyInvalid when a key cannot be read, is private, or is of another kind. */
  constructor(options: WebhookVerifierOptions) {
    this.ed25519Keys = options.ed25519PublicKeys.map((text, index) => {
      const key = parsePublicKey(text);
      if (key?.asymmetricKeyType !== 'ed25519') {
        throw new SigningKeyInvalid('ed25519PublicKeys', index, 'an Ed25519 public key (PEM or base64 DER)');
      }
      return key;
    });
    this.rsaKeys = options.rsaPublicKeys.map((text, index) => {
      const key = parsePublicKey(text);
      if (key?.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < RSA_MIN_BITS) {
        const expected = `an RSA public key of ${RSA_MIN_BITS} bits or more (PEM or base64 DER)`;
        throw new SigningKeyInvalid('rsaPublicKeys', index, expected);
      }
      return key;
    });
    this.hmacSecrets = options.hmacSecrets.map((secret, index) => {
      if (secret === '') throw new SigningKeyInvalid('hmacSecrets', index, 'a secret: it is empty');
      return Buffer.from(secret);
    });
  }

  /**
   * A present `X-GHL-Signature` decides alone; without one, or with `N/A` in it, `X-WH-Signature` does.
   * Length and alphabet of the text choose the scheme, so that a signature of one can never pass as another.
   */
  verify(rawBody: Buffer, headers: SignatureHeaders): Verification {
    if (isPresent(headers.ghlSignature)) return this.verifyCurrent(rawBody, headers.ghlSignature);
    if (isPresent(headers.whSignature)) return this.verifyLegacy(rawBody, headers.whSignature);
    return refused('missing');
  }

  private verifyCurrent(rawBody: Buffer, header: string | readonly string[]): Verification {
    if (typeof header !== 'string') return refused('repeated');
    if (HMAC_HEX.test(header)) return this.verifyHmac(rawBody, Buffer.from(header, 'hex'));
    const bytes = header.length > CURRENT_TEXT_MAX_LENGTH ? undefined : decodeBase64(header);
    if (bytes?.length === SHA256_BYTES) return this.verifyHmac(rawBody, bytes);
    if (bytes?.length !== ED25519_BYTES) return refused('malformed');
    return outcome('ed25519', this.ed25519Keys, (key) => verify(null, rawBody, key, bytes));
  }

  private verifyLegacy(rawBody: Buffer, header: string | readonly string[]): Verification {
    if (typeof header !== 'string') return refused('repeated');
    const bytes = header.length > RSA_TEXT_MAX_LENGTH ? undefined : decodeBase64(header);
    if (bytes === undefined) return refused('malformed');
    return outcome('rsa', this.rsaKeys, (key) => verify('sha256', rawBody, key, bytes));
  }

  private verifyHmac(rawBody: Buffer, given: Buffer): Verification {
    return outcome('hmac', this.hmacSecrets, (secret) =>
      timingSafeEqual(createHmac('sha256', secret).update(rawBody).digest(), given),
    );
  }
}

function isPresent(header: SignatureHeader): header is string | readonly string[] {
  return header !== undefined && header !== NO_SIGNATURE;
}

function refused(reason: SignatureRefusal): Verification {
  return { ok: false, reason };
}

function outcome<Key>(
  scheme: SignatureScheme,
  keys: readonly Key[],
  matches: (key: Key) => boolean,
): Verification {
  if (keys.length === 0) return refused('scheme_disabled');
  return keys.some(matches) ? { ok: true, scheme } : refused('mismatch');
}

/** Node decodes what it can and skips the rest; only a text that is its own canonical form counts. */
function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : undefined;
}

/** Environment variables often carry a PEM on one line with `\n` spelled out. */
function parsePublicKey(text: string): KeyObject | undefined {
  const key = text.replaceAll('\\n', '\n').trim();
  if (key.includes('PRIVATE KEY')) return undefined; // Node would quietly derive the public one
  try {
    if (key.startsWith('-----BEGIN')) return createPublicKey(key);
    return createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}
