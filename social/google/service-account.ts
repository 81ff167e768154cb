import type { KeyObject } from 'node:crypto';
import { SignJWT, type CryptoKey } from 'jose';
import { z } from 'zod';

const ASSERTION_LIFE_S = 3_600;

/** What Google's token endpoint answers where it gives a token. */
export const grantedToken = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });
export type GrantedToken = z.output<typeof grantedToken>;

export interface Grant {
  client_email: string;
  /** Its id at Google. */
  private_key_id?: string | undefined;
  tokenUrl: string;
  scope: string;
  /** Epoch seconds. */
  nowS: number;
}

/** The form by which a service account asks for an access token: https://developers.google.com/identity/protocols/oauth2/service-account#httprest */
export async function grantForm({ client_email, private_key_id, tokenUrl, scope, nowS }: Grant, privateKey: KeyObject | CryptoKey): Promise<string> {
  const assertion = await new SignJWT({ scope })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(private_key_id && { kid: private_key_id }) })
    .setIssuer(client_email)
    .setAudience(tokenUrl)
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + ASSERTION_LIFE_S)
    .sign(privateKey);
  return new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }).toString();
}

export interface AccessTokens {
  /** One that is good for a while; whoever asks at the same time gets the same. @throws what asking for it throws */
  get(): Promise<string>;
  /** It was refused: the next one is a new one. */
  forget(token: string): void;
}

/**
 * Keeps an access token until shortly before it ends, and asks for the next once, however many want it.
 * @param spareMs so long before its end it is given out no more
 * @param now epoch milliseconds
 */
export function keepAccessToken(ask: () => Promise<GrantedToken>, spareMs: number, now: () => number = Date.now): AccessTokens {
  let kept: { token: string; until_ms: number } | null = null;
  let asking: Promise<string> | null = null;
  const renew = async (): Promise<string> => {
    const { access_token, expires_in } = await ask();
    kept = { token: access_token, until_ms: now() + expires_in * 1_000 - spareMs };
    return access_token;
  };
  return {
    get() {
      if (kept && now() < kept.until_ms) return Promise.resolve(kept.token);
      return (asking ??= renew().finally(() => (asking = null)));
    },
    forget(token) {
      if (kept?.token === token) kept = null;
    },
  };
}
