import type { Context } from 'hono';
import { newId } from '../db/ids.ts';
import { findShopOauthState, insertShopOauthState, type ShopOauthStateRow } from '../db/shop-oauth-state.repository.ts';
import { shopConnectUrl } from '../domain/shop/connect-url.ts';
import { createConsentStates } from './consent-state.ts';
import type { AppEnv } from './context.ts';
import type { ApiDeps } from './deps.ts';
import { ApiError } from './errors.ts';

/** A seller reads TikTok's page, signs in to Seller Center, and TikTok's code is good for half an hour. */
const STATE_TTL_MS = 30 * 60_000;
const states = createConsentStates({ cookie: 'showrunner_shop_oauth', cookiePath: '/auth', signedAs: 'tiktok shop oauth state', permission: 'channels.connect' });

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
  const browser_hash = states.browserHash(c, config.publicUrl.startsWith('https:'));
  await insertShopOauthState(db, { id, workspace_id: c.get('workspace').id, user_id: c.get('userId'), browser_hash, redirect_to: redirectTo, code: null, expires_at });
  const state = states.sign(id, config.jwtSecret);
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
 * @throws ApiError as ConsentStates.returning
 */
export const returningShopState = (c: Context<AppEnv>, deps: ApiDeps, state: string): Promise<ShopOauthStateRow> => states.returning(c, deps, state, (id) => findShopOauthState(deps.db, id));
