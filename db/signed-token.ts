import { sign, verify } from 'hono/jwt';
import { z } from 'zod';

/** access: says who a user is. play: says that its holder may watch one stream or video for a while. */
export const TOKEN_ISSUERS = { access: 'showrunner', play: 'showrunner-play' } as const;
export type TokenKind = keyof typeof TOKEN_ISSUERS;

/** expires_at_s: epoch seconds. */
export type ReadToken = { ok: true; subject: string; expires_at_s: number } | { ok: false; reason: 'expired' | 'invalid' };

/**
 * A JWT (HS256) about one id of ours.
 * @param ttlS seconds that it holds
 * @param nowS epoch seconds
 */
export const signToken = (kind: TokenKind, subject: string, secret: string, ttlS: number, nowS = Math.floor(Date.now() / 1_000)): Promise<string> =>
  sign({ sub: subject, iss: TOKEN_ISSUERS[kind], iat: nowS, exp: nowS + ttlS }, secret, 'HS256');

/** Whom or what a token is about, where it is one of this kind that still holds. */
export async function readToken(kind: TokenKind, token: string, secret: string): Promise<ReadToken> {
  const { payload, expired } = await payloadOf(kind, token, secret);
  if (expired) return { ok: false, reason: 'expired' };
  // exp is checked by verify only where it is there; ours always is.
  const subject = z.uuid().safeParse(payload?.sub);
  return subject.success && typeof payload?.exp === 'number' ? { ok: true, subject: subject.data, expires_at_s: payload.exp } : { ok: false, reason: 'invalid' };
}

async function payloadOf(kind: TokenKind, token: string, secret: string) {
  try {
    // iat: another process's clock may be a moment ahead of ours.
    return { payload: await verify(token, secret, { alg: 'HS256', iss: TOKEN_ISSUERS[kind], iat: false }), expired: false };
  } catch (error) {
    return { payload: null, expired: error instanceof Error && error.name === 'JwtTokenExpired' };
  }
}
