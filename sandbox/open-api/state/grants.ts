import { createHash, randomBytes, randomInt } from 'node:crypto';
import type { Account } from './accounts.ts';
import { BoundedMap } from './bounded-map.ts';
import type { Clock } from './clock.ts';
import type { SettingsDesk } from './settings.ts';

const MAX_TOKENS = 200_000;
const MAX_CODES = 10_000;

/** One consent of one account: it carries the scopes, and all of its tokens die with it. */
export interface Grant {
  readonly account: Account;
  readonly scopes: readonly string[];
  revoked: boolean;
}

interface Token {
  readonly value: string;
  readonly grant: Grant;
  expires_ms: number;
  /** Set when it was rotated away or killed. */
  dead_since_ms: number | null;
}
interface RefreshToken extends Token {
  pair: Pair;
  successor: Pair | null;
}
export interface Pair {
  access: Token;
  refresh: RefreshToken;
}

interface Code {
  readonly account: Account;
  readonly scopes: readonly string[];
  readonly redirect_uri: string;
  readonly challenge: string | null;
  readonly expires_ms: number;
  used: boolean;
}

export type TokenOutcome = { kind: 'granted'; pair: Pair } | { kind: 'refused'; error: string; description: string };

export interface Grants {
  createCode(request: Pick<Code, 'account' | 'scopes' | 'redirect_uri' | 'challenge'>): string;
  accountOfCode(code: string): Account | null;
  exchange(request: { code: string; redirect_uri: string; verifier: string | null }): TokenOutcome;
  /** A consent without the consent page. */
  issue(account: Account, scopes: readonly string[]): Pair;
  accountOfRefresh(refreshToken: string): Account | null;
  refresh(refreshToken: string): TokenOutcome & { replayed: boolean };
  /** null: unknown, expired or dead. */
  byAccess(accessToken: string): Grant | null;
  /** The account of a token, dead or alive. */
  accountOfAccess(accessToken: string): Account | null;
  /** Ends every consent of the account; says whether there was one. */
  revoke(account: Account): boolean;
  expire(account: Account, which: 'access' | 'refresh'): number;
  has(account: Account, scopes: readonly string[]): boolean;
  reset(): void;
}

const refused = (error: string, description: string): TokenOutcome => ({ kind: 'refused', error, description });
const hexSha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
/** The real ones hold such signs too, which a careless client fails to encode. */
const secret = (prefix: string): string => `${prefix}${randomBytes(33).toString('base64url')}!${randomInt(1_000, 9_999)}.va`;

export function createGrants(clock: Clock, settings: SettingsDesk): Grants {
  const codes = new BoundedMap<string, Code>(MAX_CODES);
  const access = new BoundedMap<string, Token>(MAX_TOKENS);
  const refresh = new BoundedMap<string, RefreshToken>(MAX_TOKENS);

  const alive = (token: Token): boolean => !token.grant.revoked && token.dead_since_ms === null && token.expires_ms > clock.now();
  const newAccess = (grant: Grant): Token => {
    const token: Token = { value: secret('act.'), grant, expires_ms: clock.now() + settings.current.tokens.access_lifetime_s * 1_000, dead_since_ms: null };
    access.set(token.value, token);
    return token;
  };
  const newPair = (grant: Grant, refreshExpiresMs: number): Pair => {
    const token = { value: secret('rft.'), grant, expires_ms: refreshExpiresMs, dead_since_ms: null, successor: null } as unknown as RefreshToken;
    token.pair = { access: newAccess(grant), refresh: token };
    refresh.set(token.value, token);
    return token.pair;
  };
  const refreshEnd = (): number => clock.now() + settings.current.tokens.refresh_lifetime_s * 1_000;

  const rotate = (token: RefreshToken): Pair => {
    const { rotate: rotates, extend, previous_access_dies } = settings.current.tokens;
    if (previous_access_dies) token.pair.access.dead_since_ms ??= clock.now();
    if (extend && !rotates) token.expires_ms = refreshEnd();
    if (!rotates) {
      token.pair = { access: newAccess(token.grant), refresh: token };
      return token.pair;
    }
    token.dead_since_ms = clock.now();
    token.successor = newPair(token.grant, extend ? refreshEnd() : token.expires_ms);
    return token.successor;
  };

  const replay = (token: RefreshToken): Pair | null => {
    const { replay_grace_ms } = settings.current.tokens;
    if (token.grant.revoked || token.dead_since_ms === null || clock.now() - token.dead_since_ms >= replay_grace_ms) return null;
    return token.successor;
  };

  return {
    createCode: (request) => {
      const code = `${randomBytes(24).toString('base64url')}*0!${randomInt(1_000, 9_999)}.va`;
      codes.set(code, { ...request, expires_ms: clock.now() + settings.current.consent.code_lifetime_ms, used: false });
      return code;
    },
    accountOfCode: (code) => codes.get(code)?.account ?? null,
    exchange: ({ code, redirect_uri, verifier }) => {
      const found = codes.get(code);
      if (!found || found.used || found.expires_ms <= clock.now()) return refused('invalid_grant', 'Authorization code is expired.');
      // Single use: a code that was sent with the wrong address or verifier is gone too.
      found.used = true;
      if (found.redirect_uri !== redirect_uri) return refused('invalid_request', 'Redirect_uri is not matched with the uri when requesting code.');
      if (found.challenge !== null && (verifier === null || hexSha256(verifier) !== found.challenge)) {
        return refused('invalid_request', 'Code verifier or code challenge is invalid.');
      }
      return { kind: 'granted', pair: newPair({ account: found.account, scopes: found.scopes, revoked: false }, refreshEnd()) };
    },
    issue: (account, scopes) => newPair({ account, scopes, revoked: false }, refreshEnd()),
    accountOfRefresh: (value) => refresh.get(value)?.grant.account ?? null,
    refresh: (value) => {
      const token = refresh.get(value);
      const replayed = token !== undefined && token.dead_since_ms !== null;
      const pair = token && (alive(token) ? rotate(token) : replay(token));
      return { ...(pair ? { kind: 'granted', pair } : refused('invalid_grant', 'Refresh token is invalid or expired.')), replayed };
    },
    byAccess: (value) => {
      const token = access.get(value);
      return token && alive(token) ? token.grant : null;
    },
    accountOfAccess: (value) => access.get(value)?.grant.account ?? null,
    revoke: (account) => {
      let any = false;
      for (const { grant } of refresh.values()) {
        if (grant.account !== account || grant.revoked) continue;
        grant.revoked = true;
        any = true;
      }
      return any;
    },
    expire: (account, which) => {
      const living = [...(which === 'access' ? access : refresh).values()].filter((token) => token.grant.account === account && alive(token));
      for (const token of living) token.expires_ms = clock.now();
      return living.length;
    },
    has: (account, scopes) =>
      [...refresh.values()].some((token) => token.grant.account === account && alive(token) && scopes.every((scope) => token.grant.scopes.includes(scope))),
    reset: () => {
      codes.clear();
      access.clear();
      refresh.clear();
    },
  };
}
