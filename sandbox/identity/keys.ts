import { generateKeyPair, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

const generate = promisify(generateKeyPair);

export type Algorithm = 'RS256' | 'ES256';

interface SigningKey {
  kid: string;
  alg: Algorithm;
  privateKey: KeyObject;
  publicKey: KeyObject;
}

/** A provider's keys: those that sign, and the set that it publishes. Made when they are first needed, since RSA keys take a while. */
export interface KeyRing {
  /** As published: https://www.rfc-editor.org/rfc/rfc7517#section-5 */
  published(): Promise<{ keys: object[] }>;
  /** A JWT. @param kid of the header; default: that of the key */
  sign(payload: object, options?: { alg?: Algorithm; kid?: string }): Promise<string>;
  /** New keys sign from now on; the old ones are published on only where they are kept. */
  rotate(keepOld: boolean): void;
}

/** @param algorithms one key for each; the first signs where nothing is said */
export function createKeyRing(name: string, algorithms: readonly [Algorithm, ...Algorithm[]]): KeyRing {
  let generation = 0;
  const make = (): Promise<SigningKey[]> => {
    generation += 1;
    return Promise.all(algorithms.map((alg) => makeKey(`${name}-${generation}-${alg}`, alg)));
  };
  let current: Promise<SigningKey[]> | null = null;
  let old: Promise<SigningKey[]>[] = [];
  const now = (): Promise<SigningKey[]> => (current ??= make());
  return {
    async published() {
      const keys = (await Promise.all([now(), ...old])).flat();
      return { keys: keys.map(({ kid, alg, publicKey }) => ({ ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' })) };
    },
    async sign(payload, { alg = algorithms[0], kid } = {}) {
      const key = (await now()).find((one) => one.alg === alg);
      if (!key) throw new Error(`${name} has no key for ${alg}`);
      const head = `${encode({ alg, kid: kid ?? key.kid, typ: 'JWT' })}.${encode(payload)}`;
      return `${head}.${sign('sha256', Buffer.from(head), alg === 'ES256' ? { key: key.privateKey, dsaEncoding: 'ieee-p1363' } : key.privateKey).toString('base64url')}`;
    },
    rotate(keepOld) {
      old = keepOld && current ? [current] : [];
      current = null;
    },
  };
}

async function makeKey(kid: string, alg: Algorithm): Promise<SigningKey> {
  const pair = alg === 'RS256' ? await generate('rsa', { modulusLength: 2048 }) : await generate('ec', { namedCurve: 'P-256' });
  return { kid, alg, ...pair };
}

export const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
