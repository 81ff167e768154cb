import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { findMembership } from '../db/membership.repository.ts';
import { isAllowed, type Permission } from '../domain/permissions.ts';
import { signedInUser } from './auth.ts';
import type { AppEnv } from './context.ts';
import type { ApiDeps } from './deps.ts';
import { ApiError } from './errors.ts';

const COOKIE_TTL_S = 86_400;
const COOKIE_SHAPE = /^[\w-]{43}$/;

/** What a consent's row says of who began it. */
interface BegunConsent {
  workspace_id: string;
  user_id: string;
  browser_hash: string | null;
  used_at: Date | null;
  expires_at: Date;
}

export interface ConsentKind {
  cookie: string;
  cookiePath: string;
  /** Part of what is signed: a state of one kind is none of another. */
  signedAs: string;
  /** What whoever began it still has to be allowed at the return. */
  permission: Permission;
}

/** How a consent on a page of TikTok's is bound to whoever began it here: by a signed state, and by a cookie or the person's own token. */
export interface ConsentStates {
  sign(id: string, secret: string): string;
  /** Of the browser's secret, kept or new; only this is stored. */
  browserHash(c: Context<AppEnv>, secure: boolean): string;
  /**
   * The row that a returning state names, if this browser or this person may use it now.
   * @throws ApiError oauth_state_forged, _foreign, _replayed or _expired; forbidden where the person may not connect (any more)
   */
  returning<R extends BegunConsent>(c: Context<AppEnv>, deps: ApiDeps, state: string | undefined, find: (id: string) => Promise<R | undefined>): Promise<R>;
}

export const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

export function createConsentStates({ cookie, cookiePath, signedAs, permission }: ConsentKind): ConsentStates {
  const macOf = (id: string, secret: string): Buffer => createHmac('sha256', secret).update(`${signedAs} ${id}`).digest();

  /** The id in a state that was signed here; null: it was not. */
  const idOf = (state: string, secret: string): string | null => {
    const [id = '', mac = '', ...rest] = state.split('.');
    const [given, expected] = [Buffer.from(mac, 'base64url'), macOf(id, secret)];
    return rest.length === 0 && given.length === expected.length && timingSafeEqual(given, expected) ? id : null;
  };

  return {
    sign: (id, secret) => `${id}.${macOf(id, secret).toString('base64url')}`,
    browserHash(c, secure) {
      const kept = getCookie(c, cookie);
      const browser = kept && COOKIE_SHAPE.test(kept) ? kept : randomBytes(32).toString('base64url');
      // Lax: TikTok's redirect back is a navigation from another site, and must bring the cookie along.
      setCookie(c, cookie, browser, { httpOnly: true, sameSite: 'Lax', secure, path: cookiePath, maxAge: COOKIE_TTL_S });
      return hash(browser);
    },
    async returning(c, { db, config }, state, find) {
      const id = state === undefined ? null : idOf(state, config.jwtSecret);
      if (id === null) throw new ApiError('oauth_state_forged');
      const row = await find(id);
      // Ours by its signature, so it was there: what ended long ago is cleared away.
      if (!row) throw new ApiError('oauth_state_expired');
      const user = await signedInUser(c);
      const browser = getCookie(c, cookie);
      const isTheirs = user === null ? browser !== undefined && hash(browser) === row.browser_hash : user === row.user_id;
      if (!isTheirs) throw new ApiError('oauth_state_foreign');
      if (row.used_at) throw new ApiError('oauth_state_replayed');
      if (row.expires_at.getTime() <= Date.now()) throw new ApiError('oauth_state_expired');
      const member = await findMembership(db, row.workspace_id, row.user_id);
      if (!member || !isAllowed(member.role, permission)) throw new ApiError('forbidden', { detail: `${permission} is needed` });
      return row;
    },
  };
}
