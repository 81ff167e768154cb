import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { newId } from '../db/ids.ts';
import { findMembership } from '../db/membership.repository.ts';
import { findShopOauthState, insertShopOauthState, type ShopOauthStateRow } from '../db/shop-oauth-state.repository.ts';
import { isAllowed } from '../domain/permissions.ts';
import { shopConnectUrl } from '../domain/shop/connect-url.ts';
import { signedInUser } from './auth.ts';
import type { AppEnv } from './context.ts';
import type { ApiDeps } from './deps.ts';
import { ApiError } from './errors.ts';

/** A seller reads TikTok's page, signs in to Seller Center, and TikTok's code is good for half an hour. */
const STATE_TTL_MS = 30 * 60_000;
const COOKIE = 'showrunner_shop_oauth';
const COOKIE_PATH = '/auth';
const COOKIE_TTL_S = 86_400;
const COOKIE_SHAPE = /^[\w-]{43}$/;

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Begins a seller's consent: keeps who asked, for which workspace and in which browser, and gives TikTok's page.
 * @param redirectTo a page of ours, checked; null: the callback shows one
 * @throws ApiError shop_app_missing
 */
export async function beginShopConsent(c: Context<AppEnv>, { db, config }: ApiDeps, redirectTo: string | null): Promise<{ url: string; state: string; expires_at: Date }> {
  const app = config.shopApp;
  if (!app) throw new ApiError('shop_app_missing');
  if (app.service_id === null) throw new ApiError('shop_app_missing', { detail: 'TIKTOK_SHOP_SERVICE_ID is not set: TikTok’s consent page goes by it, and not by the app key.' });
  const id = newId();
  const expires_at = new Date(Date.now() + STATE_TTL_MS);
  const browser_hash = hash(browserOf(c, config.publicUrl.startsWith('https:')));
  await insertShopOauthState(db, { id, workspace_id: c.get('workspace').id, user_id: c.get('userId'), browser_hash, redirect_to: redirectTo, code: null, expires_at });
  const state = signState(id, config.jwtSecret);
  return { url: shopConnectUrl({ service_id: app.service_id, state, market: app.market, authorizeUrl: app.authorize_url }), state, expires_at };
}

/** For a code that comes without a state: a seller began in TikTok's app store. @param code sealed */
export async function stateForCode(c: Context<AppEnv>, { db }: ApiDeps, code: string): Promise<ShopOauthStateRow['id']> {
  const id = newId();
  await insertShopOauthState(db, { id, workspace_id: c.get('workspace').id, user_id: c.get('userId'), browser_hash: null, redirect_to: null, code, used_at: new Date(), expires_at: new Date(Date.now() + STATE_TTL_MS) });
  return id;
}

/**
 * The state that a return from TikTok names, if this browser or this person may use it now.
 * @throws ApiError oauth_state_forged, _foreign, _replayed or _expired; forbidden where the person may not connect (any more)
 */
export async function returningShopState(c: Context<AppEnv>, { db, config }: ApiDeps, state: string): Promise<ShopOauthStateRow> {
  const id = stateIdOf(state, config.jwtSecret);
  if (id === null) throw new ApiError('oauth_state_forged');
  const row = await findShopOauthState(db, id);
  // Ours by its signature, so it was there: what ended long ago is cleared away.
  if (!row) throw new ApiError('oauth_state_expired');
  const user = await signedInUser(c);
  const browser = getCookie(c, COOKIE);
  const isTheirs = user === null ? browser !== undefined && hash(browser) === row.browser_hash : user === row.user_id;
  if (!isTheirs) throw new ApiError('oauth_state_foreign');
  if (row.used_at) throw new ApiError('oauth_state_replayed');
  if (row.expires_at.getTime() <= Date.now()) throw new ApiError('oauth_state_expired');
  const member = await findMembership(db, row.workspace_id, row.user_id);
  if (!member || !isAllowed(member.role, 'channels.connect')) throw new ApiError('forbidden', { detail: 'channels.connect is needed' });
  return row;
}

/** The browser's secret, kept or new; only its hash is stored. */
function browserOf(c: Context<AppEnv>, secure: boolean): string {
  const kept = getCookie(c, COOKIE);
  const browser = kept && COOKIE_SHAPE.test(kept) ? kept : randomBytes(32).toString('base64url');
  // Lax: TikTok's redirect back is a navigation from another site, and must bring the cookie along.
  setCookie(c, COOKIE, browser, { httpOnly: true, sameSite: 'Lax', secure, path: COOKIE_PATH, maxAge: COOKIE_TTL_S });
  return browser;
}

const macOf = (id: string, secret: string): Buffer => createHmac('sha256', secret).update(`tiktok shop oauth state ${id}`).digest();
const signState = (id: string, secret: string): string => `${id}.${macOf(id, secret).toString('base64url')}`;

/** The id in a state that was signed here; null: it was not. */
function stateIdOf(state: string, secret: string): string | null {
  const [id = '', mac = '', ...rest] = state.split('.');
  const [given, expected] = [Buffer.from(mac, 'base64url'), macOf(id, secret)];
  return rest.length === 0 && given.length === expected.length && timingSafeEqual(given, expected) ? id : null;
}
