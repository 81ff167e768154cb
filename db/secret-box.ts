import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

export interface SecretBox {
  /** Encrypts with the newest key. */
  seal(text: string): string;
  /**
   * Decrypts with the key that sealed it.
   * @throws Error where that key is no longer configured, or the text was tampered with
   */
  open(sealed: string): string;
  /** Whether a text looks like one of ours. */
  isSealed(text: string): boolean;
}

const VERSION = 'v1';
const SEALED = /^v1\.[0-9a-f]{8}\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]*$/;
/** 96 bits: the length GCM is specified for; random, so a key is good for about 2^32 texts. */
const NONCE_BYTES = 12;

/**
 * AES-256-GCM for secrets at rest: `v1.<key id>.<nonce>.<tag>.<text>`. The key id lets keys be rotated:
 * put a new one first and keep the old ones for as long as rows need them.
 * @param hexKeys 64 hex characters each, newest first
 */
export function createSecretBox(hexKeys: readonly string[]): SecretBox {
  const keys = hexKeys.map((hex) => Buffer.from(hex, 'hex'));
  const newest = keys[0];
  if (!newest || keys.some((key) => key.length !== 32)) throw new Error('A secret box needs keys of 64 hex characters.');
  const newestId = keyId(newest);
  const byId = new Map(keys.map((key) => [keyId(key), key]));

  return {
    seal(text) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', newest, nonce).setAAD(aad(newestId));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return [VERSION, newestId, nonce.toString('base64url'), cipher.getAuthTag().toString('base64url'), body.toString('base64url')].join(
        '.',
      );
    },
    open(sealed) {
      const [, id = '', nonce = '', tag = '', body = ''] = SEALED.test(sealed) ? sealed.split('.') : [];
      const key = byId.get(id);
      if (!key)
        throw new Error(
          id ? `The secret was sealed with key ${id}, which TOKEN_ENCRYPTION_KEY no longer has.` : 'This is not a sealed secret.',
        );
      const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'), { authTagLength: 16 })
        .setAAD(aad(id))
        .setAuthTag(Buffer.from(tag, 'base64url'));
      return Buffer.concat([decipher.update(Buffer.from(body, 'base64url')), decipher.final()]).toString('utf8');
    },
    isSealed: (text) => SEALED.test(text),
  };
}

const keyId = (key: Buffer): string => createHash('sha256').update('showrunner key id').update(key).digest('hex').slice(0, 8);
const aad = (id: string): Buffer => Buffer.from(`${VERSION}.${id}`);
