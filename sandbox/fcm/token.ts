import { verify } from 'node:crypto';
import { z } from 'zod';
import type { FcmWorld } from './world.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
/** Clocks may differ by so much. */
const SKEW_S = 300;

const claimsSchema = z.object({ iss: z.string(), scope: z.string(), aud: z.string(), iat: z.number(), exp: z.number() });

/**
 * Google's judgement of a token request. By hand rather than by the library that the product signs with: the two must be able to disagree.
 * @param form of the request @param url at which it came in, which the assertion must be for
 * @returns null: an access token is given; else OAuth's error and its words
 */
export function refusalOfGrant(world: FcmWorld, form: URLSearchParams, url: string): { error: string; error_description: string } | null {
  if (form.get('grant_type') !== GRANT) return { error: 'unsupported_grant_type', error_description: `Invalid grant_type: ${form.get('grant_type') ?? ''}` };
  const [header = '', payload = '', signature = '', ...rest] = (form.get('assertion') ?? '').split('.');
  const alg = z.object({ alg: z.literal('RS256') }).safeParse(decode(header));
  const claims = claimsSchema.safeParse(decode(payload));
  if (rest.length > 0 || !alg.success || !claims.success) return { error: 'invalid_request', error_description: 'Bad Request' };
  if (!verify('RSA-SHA256', Buffer.from(`${header}.${payload}`), world.account.key, Buffer.from(signature, 'base64url'))) return { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' };
  const { iss, scope, aud, iat, exp } = claims.data;
  const now = Date.now() / 1_000;
  if (iss !== world.account.client_email) return { error: 'invalid_grant', error_description: 'Invalid grant: account not found' };
  if (aud !== url) return { error: 'invalid_grant', error_description: `Invalid JWT: audience ${aud}` };
  if (iat > now + SKEW_S || exp < now - SKEW_S || exp - iat > 3_600) return { error: 'invalid_grant', error_description: 'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.' };
  if (!scope.split(' ').includes(SCOPE)) return { error: 'invalid_scope', error_description: 'Invalid OAuth scope or ID token audience provided.' };
  return null;
}

function decode(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}
