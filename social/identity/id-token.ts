import { createHash } from 'node:crypto';
import { createRemoteJWKSet, customFetch, errors, jwtVerify, type JWTPayload } from 'jose';
import { createProviderHttp, ProviderDown } from './provider-http.ts';
import type { ClaimedIdentity, IdentityCheck, VouchedIdentity } from './verifier.ts';

interface Issuer {
  name: string;
  /** Values of `iss`. */
  issuers: string[];
  algorithms: string[];
  /**
   * A token with a nonce is good only for who knows it. Not of Google: its SDK for iOS puts one into every token, and older
   * ones do not tell the app.
   */
  nonceIsNeeded: boolean;
}

const ISSUERS: Readonly<Record<'google' | 'apple', Issuer>> = {
  google: { name: 'Google', issuers: ['https://accounts.google.com', 'accounts.google.com'], algorithms: ['RS256'], nonceIsNeeded: false },
  apple: { name: 'Apple', issuers: ['https://appleid.apple.com'], algorithms: ['RS256', 'ES256'], nonceIsNeeded: true },
};

export interface IdTokenOptions {
  /** To which of our apps a token must be addressed. */
  clientIds: readonly string[];
  jwksUrl: string;
  timeoutMs: number;
  cooldownMs: number;
}

/** How long keys are kept, milliseconds: both providers change them every few weeks and announce new ones days ahead. */
const KEYS_MAX_AGE_MS = 10 * 60_000;
/** Clocks differ. */
const CLOCK_TOLERANCE_S = 30;

/** Checks OpenID Connect id tokens: signature by the provider's published keys, issuer, audience, expiry, nonce, and whose it is. */
export function createIdTokenCheck(provider: keyof typeof ISSUERS, { clientIds, jwksUrl, timeoutMs, cooldownMs }: IdTokenOptions): IdentityCheck {
  const issuer = ISSUERS[provider];
  const http = createProviderHttp(issuer.name, timeoutMs);
  const keys = createRemoteJWKSet(new URL(jwksUrl), {
    timeoutDuration: timeoutMs,
    cooldownDuration: cooldownMs,
    cacheMaxAge: KEYS_MAX_AGE_MS,
    [customFetch]: async (url) => Response.json(await http.json(url)),
  });
  return async (claimed) => {
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(claimed.token, keys, {
        issuer: issuer.issuers,
        audience: [...clientIds],
        algorithms: issuer.algorithms,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ['sub', 'exp', 'iat'],
      }));
    } catch (error) {
      return { refused: reasonOf(error, issuer.name) };
    }
    const fault = faultOf(payload, claimed, issuer);
    return fault === null ? identityOf(payload) : { refused: fault };
  };
}

/** What is wrong with a token. @throws ProviderDown, and what is no fault of the token */
function reasonOf(error: unknown, name: string): string {
  if (error instanceof errors.JWKSInvalid || error instanceof errors.JWKSTimeout) throw new ProviderDown(`${name}’s key set can not be read`, { cause: error });
  if (error instanceof errors.JWTExpired) return `${name}’s token has expired`;
  if (error instanceof errors.JWTClaimValidationFailed) return `${name}’s token has the wrong ${error.claim}`;
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed) return `the token is not signed by ${name}`;
  if (error instanceof errors.JOSEError) return `not a token of ${name}`;
  throw error;
}

function faultOf({ sub, nonce }: JWTPayload, claimed: ClaimedIdentity, { name, nonceIsNeeded }: Issuer): string | null {
  if (sub !== claimed.social_id) return `${name}’s token is somebody else’s`;
  if (claimed.nonce === null) return nonce !== undefined && nonceIsNeeded ? `${name}’s token has a nonce, which the app did not send` : null;
  return nonce === claimed.nonce || nonce === sha256(claimed.nonce) ? null : `${name}’s token has another nonce`;
}

/** Apps give the provider the nonce, or its SHA-256 in hex as Apple's and Google's guides have it. */
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const identityOf = (payload: JWTPayload): VouchedIdentity => ({
  social_id: payload.sub!,
  email: isTrue(payload.email_verified) ? textOf(payload.email) : null,
  first_name: textOf(payload.given_name),
  last_name: textOf(payload.family_name),
  picture: textOf(payload.picture),
});

/** Apple writes flags as text at times. */
const isTrue = (value: unknown): boolean => value === true || value === 'true';
const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
