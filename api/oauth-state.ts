import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { newId } from '../db/ids.ts';
import { findMembership } from '../db/membership.repository.ts';
import { findOauthState, insertOauthState, type OauthStateRow } from '../db/oauth-state.repository.ts';
import { TIKTOK_SCOPES } from '../domain/contracts/social-account.ts';
import { isAllowed } from '../domain/permissions.ts';
import { authorizeUrl } from '../domain/publishing/oauth.ts';
import { signedInUser } from './auth.ts';
import type { AppEnv } from './context.ts';
import type { ApiDeps } from './deps.ts';
import { ApiError } from './errors.ts';

/** A person reads TikTok's page, and may have to sign in there. */
const STATE_TTL_MS = 10 * 60_000;
const COOKIE = 'showrunner_oauth';
const COOKIE_PATH = '/api/auth/tiktok';
const COOKIE_TTL_S = 86_400;
const COOKIE_SHAPE = /^[\w-]{43}$/;
/** TikTok takes 43 to 128 characters. */
const VERIFIER_BYTES = 48;

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Begins a consent: keeps who asked, for which workspace and in which browser, and gives TikTok's consent page.
 * @param redirectTo a page of ours, checked
 * @throws ApiError tiktok_app_missing
 */
export async function beginConsent(c: Context<AppEnv>, { db, config, secrets }: ApiDeps, redirectTo: string): Promise<string> {
  const app = config.tiktokApp;
  if (!app) throw new ApiError('tiktok_app_missing');
  const id = newId();
  const verifier = app.pkce ? randomBytes(VERIFIER_BYTES).toString('base64url') : '';
  await insertOauthState(db, {
    id,
    workspace_id: c.get('workspace').id,
    user_id: c.get('userId'),
    browser_hash: hash(browserOf(c, config.publicUrl.startsWith('https:'))),
    code_verifier: secrets.seal(verifier),
    redirect_to: redirectTo,
    redirect_uri: app.redirect_uri,
    expires_at: new Date(Date.now() + STATE_TTL_MS),
  });
  return authorizeUrl({
    auth_url: app.auth_url,
    client_key: app.client_key,
    redirect_uri: app.redirect_uri,
    scopes: TIKTOK_SCOPES,
    state: signState(id, config.jwtSecret),
    code_challenge: app.pkce ? hash(verifier) : null,
    // Without it TikTok passes its page over for whoever consented before: no way to another account, nor to more scopes.
    always_ask: true,
  });
}

/**
 * The state that a return from TikTok names, if this browser or this person may use it now.
 * @throws ApiError oauth_state_forged, _foreign, _replayed or _expired; forbidden where the person may not connect (any more)
 */
export async function returningState(c: Context<AppEnv>, { db, config }: ApiDeps, state: string | undefined): Promise<OauthStateRow> {
  const id = state === undefined ? null : stateIdOf(state, config.jwtSecret);
  if (id === null) throw new ApiError('oauth_state_forged');
  const row = await findOauthState(db, id);
  // Ours by its signature, so it was there: what ended long ago is cleared away.
  if (!row) throw new ApiError('oauth_state_expired');
  const user = await signedInUser(c);
  const browser = getCookie(c, COOKIE);
  const isTheirs = user === null ? browser !== undefined && hash(browser) === row.browser_hash : user === row.user_id;
  if (!isTheirs) throw new ApiError('oauth_state_foreign');
  if (row.used_at) throw new ApiError('oauth_state_replayed');
  if (row.expires_at.getTime() <= Date.now()) throw new ApiError('oauth_state_expired');
  const member = await findMembership(db, row.workspace_id, row.user_id);
  if (!member || !isAllowed(member.role, 'social_accounts.connect')) throw new ApiError('forbidden', { detail: 'social_accounts.connect is needed' });
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

const macOf = (id: string, secret: string): Buffer => createHmac('sha256', secret).update(`tiktok oauth state ${id}`).digest();
const signState = (id: string, secret: string): string => `${id}.${macOf(id, secret).toString('base64url')}`;

/** The id in a state that was signed here; null: it was not. */
function stateIdOf(state: string, secret: string): string | null {
  const [id = '', mac = '', ...rest] = state.split('.');
  const [given, expected] = [Buffer.from(mac, 'base64url'), macOf(id, secret)];
  return rest.length === 0 && given.length === expected.length && timingSafeEqual(given, expected) ? id : null;
}
