import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSign,
  generateKeyPair,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { promisify } from 'node:util';
import { type Collection } from './collection.js';
import { type SignatureScheme } from './settings.js';

/** HighLevel's RSA signatures are 684 characters of base64 (HL 4.2). */
const RSA_BITS = 4096;

/** The simulator's own keys, made once per data directory: what HighLevel's global keys are to the real webhooks. */
export class SigningKeys {
  private readonly ed25519: KeyObject;
  private rsa: Promise<KeyObject> | undefined;

  constructor(
    private readonly stored: Collection<string>,
    private readonly hmacSecret: string,
  ) {
    const known = stored.get('ed25519');
    this.ed25519 = known === undefined ? generateKeyPairSync('ed25519').privateKey : createPrivateKey(known);
    if (known === undefined) stored.set('ed25519', pem(this.ed25519));
  }

  /** SPKI, for the verifier's configuration. */
  get publicKeyPem(): string {
    return publicPem(this.ed25519);
  }

  /** SPKI. The key is made when somebody first asks, because that takes a second or more. */
  async rsaPublicKeyPem(): Promise<string> {
    return publicPem(await this.rsaKey());
  }

  /** The signature headers of a delivery, over the bytes as they are sent. */
  async headers(scheme: SignatureScheme, body: Buffer): Promise<Record<string, string>> {
    switch (scheme) {
      case 'ed25519':
        return { 'X-GHL-Signature': this.signEd25519(body) };
      case 'rsa':
        return { 'X-WH-Signature': await this.signRsa(body) };
      case 'both':
        return { 'X-GHL-Signature': this.signEd25519(body), 'X-WH-Signature': await this.signRsa(body) };
      case 'rsa-na':
        return { 'X-GHL-Signature': 'N/A', 'X-WH-Signature': await this.signRsa(body) };
      case 'hmac':
        return { 'X-GHL-Signature': this.signHmac(body, 'hex') };
      case 'hmac-base64':
        return { 'X-GHL-Signature': this.signHmac(body, 'base64') };
      case 'na':
        return { 'X-GHL-Signature': 'N/A' };
      case 'none':
        return {};
    }
  }

  private signEd25519(body: Buffer): string {
    return sign(null, body, this.ed25519).toString('base64');
  }

  private async signRsa(body: Buffer): Promise<string> {
    return createSign('SHA256')
      .update(body)
      .sign(await this.rsaKey(), 'base64');
  }

  private signHmac(body: Buffer, encoding: 'hex' | 'base64'): string {
    return createHmac('sha256', this.hmacSecret).update(body).digest(encoding);
  }

  private rsaKey(): Promise<KeyObject> {
    this.rsa ??= this.loadRsaKey();
    return this.rsa;
  }

  private async loadRsaKey(): Promise<KeyObject> {
    const known = this.stored.get('rsa');
    if (known !== undefined) return createPrivateKey(known);
    const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS });
    this.stored.set('rsa', pem(privateKey));
    return privateKey;
  }
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function publicPem(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
}
