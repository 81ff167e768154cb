import { accepts } from 'hono/accepts';
import type { Context } from 'hono';
import { z } from '@hono/zod-openapi';
import { useOauthState, type OauthStateRow } from '../../db/oauth-state.repository.ts';
import { findSocialAccount } from '../../db/social-account.repository.ts';
import type { ConnectAccountOutcome } from '../../domain/contracts/social-account.ts';
import { AppError, ERRORS, type ErrorCode } from '../../domain/errors.ts';
import { disabledFeatures, ownPage } from '../../domain/publishing/oauth.ts';
import { createRouter, type AppEnv, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError, fieldError } from '../errors.ts';
import { beginConsent, returningState } from '../oauth-state.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { authorizeSchema, connectedSchema, refreshBody, socialAccountSchema, toSocialAccount } from '../schemas/social-account.ts';
import { uuid } from '../schemas/uuid.ts';

const tags = ['Social accounts'];
const HOME = '/crm/social/tiktok';
/** TikTok's own words go into a URL. */
const MAX_WORDS = 500;
const text = (description: string) => z.string().max(4_000).optional().openapi({ description });

const start = apiRoute({
  method: 'get',
  path: '/api/auth/tiktok/start',
  access: 'social_accounts.connect',
  workspaceInQuery: true,
  tags,
  summary: 'Connect a TikTok account: to TikTok’s consent page',
  description:
    'A browser’s page fetches this with Accept: application/json and then goes to authorize_url; the cookie that comes with it is needed at the return. ' +
    'An account that is connected already keeps its posts.',
  request: {
    query: z.object({
      redirect_to: z.string().max(2_000).default(HOME).openapi({ description: 'Page of ours to return to, a path or a whole URL.', example: HOME }),
      workspace_id: uuid().optional().openapi({ description: 'Instead of X-Workspace-Id.' }),
    }),
  },
  responses: {
    200: jsonAnswer(authorizeSchema, 'With Accept: application/json.'),
    302: { description: 'To TikTok’s consent page.' },
  },
});

const callback = apiRoute({
  method: 'get',
  path: '/api/auth/tiktok/callback',
  access: 'public',
  tags,
  summary: 'The return from TikTok’s consent page',
  description:
    'Good once, within ten minutes, in the browser that began it (by its cookie) or for the person who did (Authorization). Returns to redirect_to with ' +
    '`tiktok=connected&social_account_id=…` or `tiktok=error&code=…&reason=…`. A state that is not valid redirects nowhere.',
  request: {
    query: z.object({
      state: text('As it was given to TikTok.'),
      code: text('To be exchanged for tokens.'),
      scopes: text('Granted scopes; what counts is what the exchange says.'),
      error: text('TikTok’s own.'),
      error_description: text('TikTok’s own.'),
      error_type: text('TikTok’s own.'),
    }),
  },
  responses: {
    200: jsonAnswer(connectedSchema, 'With Accept: application/json.'),
    302: { description: 'To redirect_to, with the outcome.' },
  },
});

const refresh = apiRoute({
  method: 'post',
  path: '/api/auth/tiktok/refresh',
  access: 'social_accounts.connect',
  tags,
  summary: 'Refresh an account’s tokens now',
  description: 'They are refreshed ahead of their end anyway. Whoever asks while a refresh is under way gets that one.',
  request: { body: jsonBodyOf(refreshBody) },
  responses: { 200: jsonAnswer(socialAccountSchema, 'The account with its new pair.') },
});

/** What becomes of a return whose state is valid. */
type Outcome = Extract<ConnectAccountOutcome, { kind: 'connected' }> | { kind: 'error'; code: ErrorCode; reason: string };

export function tiktokOauthRoutes(deps: ApiDeps): Router {
  const { db, config, temporal } = deps;
  return createRouter()
    .openapi(start, async (c) => {
      const redirectTo = ownPage(c.req.valid('query').redirect_to, config.publicUrl, config.corsOrigins);
      if (redirectTo === null) throw fieldError('redirect_to', 'must be a page of this installation');
      const authorize_url = await beginConsent(c, deps, redirectTo);
      c.header('Cache-Control', 'no-store');
      return wantsJson(c) ? c.json({ authorize_url }, 200) : c.redirect(authorize_url, 302);
    })
    .openapi(callback, async (c) => {
      const query = c.req.valid('query');
      const state = await returningState(c, deps, query.state);
      const outcome = await outcomeOf(deps, state, query);
      c.header('Cache-Control', 'no-store');
      if (!wantsJson(c)) return c.redirect(pageWith(state.redirect_to, outcome), 302);
      if (outcome.kind === 'error') throw new ApiError(outcome.code, { detail: outcome.reason });
      const account = await findSocialAccount(db, state.workspace_id, outcome.social_account_id);
      return c.json({ social_account_id: outcome.social_account_id, missing_features: disabledFeatures(account?.scopes ?? []) }, 200);
    })
    .openapi(refresh, async (c) => {
      const workspace_id = c.get('workspace').id;
      const { social_account_id } = c.req.valid('json');
      const before = await findSocialAccount(db, workspace_id, social_account_id);
      if (!before) throw new AppError('not_found');
      const answer = await temporal.publishing.refreshToken({ social_account_id, workspace_id }, { seen_version: before.token_version });
      if (!answer.ok) throw new ApiError(answer.code, { detail: answer.reason });
      return c.json(toSocialAccount((await findSocialAccount(db, workspace_id, social_account_id)) ?? before), 200);
    });
}

async function outcomeOf(
  { db, secrets, temporal }: ApiDeps,
  state: OauthStateRow,
  { code, error, error_description, error_type }: { code?: string | undefined; error?: string | undefined; error_description?: string | undefined; error_type?: string | undefined },
): Promise<Outcome> {
  if (error === undefined && !code) throw fieldError('code', 'is missing, and TikTok names no error');
  const isFirst = await useOauthState(db, state.id, error === undefined && code ? secrets.seal(code) : null);
  if (!isFirst) throw new ApiError('oauth_state_replayed');
  if (error !== undefined) {
    const words = [error, error_type, error_description].filter(Boolean).join(': ');
    return { kind: 'error', code: error === 'access_denied' ? 'oauth_denied' : 'oauth_failed', reason: `TikTok: ${words}` };
  }
  try {
    const outcome = await temporal.publishing.connectAccount({ oauth_state_id: state.id, workspace_id: state.workspace_id });
    return outcome.kind === 'connected' ? outcome : { kind: 'error', code: outcome.code, reason: outcome.reason };
  } catch (failure) {
    // The person is on their way back to our page, which can say so better than a document of JSON.
    if (failure instanceof AppError && failure.code === 'unavailable') return { kind: 'error', code: 'unavailable', reason: ERRORS.unavailable.message };
    throw failure;
  }
}

/** @param redirectTo a page of ours, checked when it was stored */
function pageWith(redirectTo: string, outcome: Outcome): string {
  const page = new URL(redirectTo);
  const result: Record<string, string> =
    outcome.kind === 'connected'
      ? { tiktok: 'connected', social_account_id: outcome.social_account_id }
      : { tiktok: 'error', code: outcome.code, reason: outcome.reason.slice(0, MAX_WORDS) };
  for (const [name, value] of Object.entries(result)) page.searchParams.set(name, value);
  return page.href;
}

const wantsJson = (c: Context<AppEnv>): boolean =>
  accepts(c, { header: 'Accept', supports: ['text/html', 'application/json'], default: 'text/html' }) === 'application/json';
