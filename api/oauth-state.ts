import { randomBytes } from 'node:crypto';
import type { Context } from 'hono';
import { newId } from '../db/ids.ts';
import { findOauthState, insertOauthState, type OauthStateRow } from '../db/oauth-state.repository.ts';
import { TIKTOK_SCOPES } from '../domain/contracts/social-account.ts';
import { authorizeUrl } from '../domain/publishing/oauth.ts';
import { createConsentStates, hash } from './consent-state.ts';
import type { AppEnv } from './context.ts';
import type { ApiDeps } from './deps.ts';
import { ApiError } from './errors.ts';

/** A person reads TikTok's page, and may have to sign in there. */
const STATE_TTL_MS = 10 * 60_000;
const states = createConsentStates({ cookie: 'showrunner_oauth', cookiePath: '/api/auth/tiktok', signedAs: 'tiktok oauth state', permission: 'social_accounts.connect' });
/** TikTok takes 43 to 128 characters. */
const VERIFIER_BYTES = 48;

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
    browser_hash: states.browserHash(c, config.publicUrl.startsWith('https:')),
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
    state: states.sign(id, config.jwtSecret),
    code_challenge: app.pkce ? hash(verifier) : null,
    // Without it TikTok passes its page over for whoever consented before: no way to another account, nor to more scopes.
    always_ask: true,
  });
}

/**
 * The state that a return from TikTok names, if this browser or this person may use it now.
 * @throws ApiError as ConsentStates.returning
 */
export const returningState = (c: Context<AppEnv>, deps: ApiDeps, state: string | undefined): Promise<OauthStateRow> => states.returning(c, deps, state, (id) => findOauthState(deps.db, id));
