import { createHmac, randomBytes } from 'node:crypto';
import { createKeyRing, encode, type Algorithm, type KeyRing } from './keys.ts';

export type Issuer = 'google' | 'apple';
export type Provider = Issuer | 'facebook';

/** What goes wrong at a provider; null: nothing. */
export interface Trouble {
  /** Answers with this status; 0: with nothing at all, ever. */
  status: number;
}

/** Only tokens of these can be asked about by the product. */
export const FACEBOOK_APP = { id: '1000000000000001', secret: 'sandbox-facebook-secret' } as const;

export interface FacebookToken {
  user_id: string;
  app_id: string;
  is_valid: boolean;
  type: string;
  /** Epoch seconds; 0: never. */
  expires_at: number;
}

/** forged: signed by a key that the provider does not have, under the id of one that it has. unsigned: alg none. hmac: HS256 by the public key. */
export type Forgery = 'forged' | 'unsigned' | 'hmac';

export interface IdentityWorld {
  keys: Record<Issuer, KeyRing>;
  trouble: Record<Provider, Trouble | null>;
  /** Calls of each provider's documents since the last reset. */
  calls: Record<Provider, number>;
  facebook: Map<string, FacebookToken>;
  mint(issuer: Issuer, payload: object, options: { alg?: Algorithm; forgery?: Forgery }): Promise<string>;
  mintFacebook(token: FacebookToken): string;
  reset(): void;
}

const MAX_TOKENS = 10_000;

export function createIdentityWorld(): IdentityWorld {
  const keys = { google: createKeyRing('google', ['RS256']), apple: createKeyRing('apple', ['RS256', 'ES256']) };
  const strangers = { google: createKeyRing('stranger-google', ['RS256']), apple: createKeyRing('stranger-apple', ['RS256', 'ES256']) };
  const world: IdentityWorld = {
    keys,
    trouble: { google: null, apple: null, facebook: null },
    calls: { google: 0, apple: 0, facebook: 0 },
    facebook: new Map(),
    async mint(issuer, payload, { alg, forgery }) {
      if (forgery === undefined) return keys[issuer].sign(payload, { alg });
      const published = (await keys[issuer].published()).keys as { kid: string; alg: Algorithm }[];
      const copied = published.find((key) => key.alg === (alg ?? 'RS256'))!;
      if (forgery === 'forged') return strangers[issuer].sign(payload, { alg, kid: copied.kid });
      const head = `${encode({ alg: forgery === 'unsigned' ? 'none' : 'HS256', kid: copied.kid, typ: 'JWT' })}.${encode(payload)}`;
      return `${head}.${forgery === 'unsigned' ? '' : createHmac('sha256', JSON.stringify(copied)).update(head).digest('base64url')}`;
    },
    mintFacebook(token) {
      const text = `EAAsandbox${randomBytes(24).toString('hex')}`;
      if (world.facebook.size >= MAX_TOKENS) world.facebook.delete(world.facebook.keys().next().value!);
      world.facebook.set(text, token);
      return text;
    },
    reset() {
      world.trouble = { google: null, apple: null, facebook: null };
      world.calls = { google: 0, apple: 0, facebook: 0 };
      world.facebook.clear();
    },
  };
  return world;
}
