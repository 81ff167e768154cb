import { randomBytes } from 'node:crypto';
import { BoundedMap } from '../../open-api/state/bounded-map.ts';
import type { Clock } from '../../open-api/state/clock.ts';
import type { ShopApp } from './apps.ts';
import type { SettingsDesk } from './settings.ts';
import type { Seller } from './shops.ts';

const MAX_TOKENS = 50_000;
const MAX_CODES = 5_000;

/** One consent of one seller to one app; all of its tokens die with it. */
export interface Grant {
  readonly app_key: string;
  readonly seller: Seller;
  scopes: string[];
  revoked: boolean;
}
export interface Token {
  readonly value: string;
  readonly grant: Grant;
  expires_ms: number;
  dead: boolean;
}
export interface Pair {
  access: Token;
  refresh: Token;
}
interface Code {
  readonly app_key: string;
  readonly seller: Seller;
  readonly scopes: string[];
  readonly expires_ms: number;
  used: boolean;
}

export type RefreshOutcome = Pair | 'unknown' | 'expired';

export interface Grants {
  createCode(app: ShopApp, seller: Seller): string;
  /** null: unknown, used or expired. */
  exchange(app: ShopApp, code: string): Pair | null;
  /** A consent without the consent page. */
  issue(app: ShopApp, seller: Seller): Pair;
  refresh(app: ShopApp, refreshToken: string): RefreshOutcome;
  access(value: string): Token | undefined;
  /** Whether the seller's consent to the app stands. */
  isAuthorized(appKey: string, seller: Seller): boolean;
  /** Ends every consent of the seller; says to which apps. */
  revoke(seller: Seller): string[];
  expire(seller: Seller, which: 'access' | 'refresh'): number;
  /** Takes scopes away from, or gives them to, all consents of the seller. */
  setScopes(seller: Seller, change: (scopes: string[]) => string[]): number;
  reset(): void;
}

const secret = (prefix: string): string => `${prefix}${randomBytes(42).toString('base64url')}`;

export function createGrants(clock: Clock, settings: SettingsDesk): Grants {
  const codes = new BoundedMap<string, Code>(MAX_CODES);
  const access = new BoundedMap<string, Token>(MAX_TOKENS);
  const refresh = new BoundedMap<string, Token & { access: Token }>(MAX_TOKENS);

  const newToken = (grant: Grant, prefix: string, expires_ms: number): Token => ({ value: secret(prefix), grant, expires_ms, dead: false });
  const newAccess = (grant: Grant): Token => {
    const token = newToken(grant, 'ROW_', clock.now() + settings.current.tokens.access_lifetime_s * 1_000);
    access.set(token.value, token);
    return token;
  };
  const newPair = (grant: Grant, refreshEndsMs = clock.now() + settings.current.tokens.refresh_lifetime_s * 1_000): Pair => {
    const pair = { access: newAccess(grant), refresh: newToken(grant, 'ROW_', refreshEndsMs) };
    refresh.set(pair.refresh.value, Object.assign(pair.refresh, { access: pair.access }));
    return pair;
  };
  const newGrant = (app_key: string, seller: Seller, scopes: string[]): Grant => ({ app_key, seller, scopes: [...scopes], revoked: false });
  const living = function* (seller: Seller): Generator<Grant> {
    const seen = new Set<Grant>();
    for (const { grant } of refresh.values()) if (grant.seller === seller && !grant.revoked && !seen.has(grant)) yield (seen.add(grant), grant);
  };

  return {
    createCode: (app, seller) => {
      const code = secret('ROW_');
      codes.set(code, { app_key: app.app_key, seller, scopes: app.scopes, expires_ms: clock.now() + settings.current.consent.code_lifetime_ms, used: false });
      return code;
    },
    exchange: (app, value) => {
      const code = codes.get(value);
      if (!code || code.used || code.app_key !== app.app_key || code.expires_ms <= clock.now()) return null;
      code.used = true;
      return newPair(newGrant(app.app_key, code.seller, code.scopes));
    },
    issue: (app, seller) => newPair(newGrant(app.app_key, seller, app.scopes)),
    refresh: (app, value) => {
      const token = refresh.get(value);
      if (!token || token.dead || token.grant.revoked || token.grant.app_key !== app.app_key) return 'unknown';
      if (token.expires_ms <= clock.now()) return 'expired';
      if (settings.current.tokens.previous_access_dies) token.access.dead = true;
      if (!settings.current.tokens.rotate) return { access: (token.access = newAccess(token.grant)), refresh: token };
      token.dead = true;
      // The authorization period is the seller's choice: a refresh does not lengthen it.
      return newPair(token.grant, token.expires_ms);
    },
    access: (value) => access.get(value),
    isAuthorized: (appKey, seller) => [...living(seller)].some(({ app_key }) => app_key === appKey),
    revoke: (seller) => {
      const grants = [...living(seller)];
      for (const grant of grants) grant.revoked = true;
      return [...new Set(grants.map(({ app_key }) => app_key))];
    },
    expire: (seller, which) => {
      const ending = [...(which === 'access' ? access : refresh).values()].filter(({ grant, dead, expires_ms }) => grant.seller === seller && !dead && expires_ms > clock.now());
      for (const token of ending) token.expires_ms = clock.now();
      return ending.length;
    },
    setScopes: (seller, change) => {
      const grants = [...living(seller)];
      for (const grant of grants) grant.scopes = change(grant.scopes);
      return grants.length;
    },
    reset: () => {
      codes.clear();
      access.clear();
      refresh.clear();
    },
  };
}
