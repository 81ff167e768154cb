import { accepts } from 'hono/accepts';
import type { Context } from 'hono';
import { z } from '@hono/zod-openapi';
import { findUsableChannel, type ChannelRow } from '../../db/channel.repository.ts';
import { useShopOauthState } from '../../db/shop-oauth-state.repository.ts';
import type { ActiveShopView, AuthorizedShopView, ConnectShopsOutcome } from '../../domain/contracts/channel.ts';
import { AppError, ERRORS, type ErrorCode } from '../../domain/errors.ts';
import { ownPage } from '../../domain/publishing/oauth.ts';
import { requireUsableChannel } from '../channel-of.ts';
import { createRouter, type AppEnv, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError, fieldError, HTTP_STATUS } from '../errors.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { activeShopsSchema, authorizedShopsSchema, channelUid, connectUrlSchema, integrateBody, integratedSchema, toIntegrated } from '../schemas/channel.ts';
import { SHOP_PAGE_POLICY, shopConnectedPage, shopNotConnectedPage, shopStatelessPage } from '../shop-connect-page.ts';
import { beginShopConsent, returningShopState, stateForCode } from '../shop-oauth-state.ts';
import { askShop } from '../shop-read.ts';
import { uuid } from '../schemas/uuid.ts';

const tags = ['Channels'];
/** TikTok's own words go into a URL. */
const MAX_WORDS = 500;
const text = (description: string, example: string) => z.string().max(4_000).optional().openapi({ description, example });

const connectUrl = apiRoute({
  method: 'get',
  path: '/auth/connect-url',
  access: 'channels.connect',
  workspaceInQuery: true,
  tags,
  summary: 'Connect shops: the way to TikTok Shop’s consent page',
  description: 'The cookie that comes with it is needed at the return. The seller returns to the redirect URL that is fixed in Partner Center: {PUBLIC_URL}/auth/shop/callback.',
  request: {
    query: z.object({
      redirect_to: z.string().max(2_000).optional().openapi({ description: 'Page of ours to end at, a path or a whole URL; default: a page that names the shops.', example: '/' }),
      workspace_id: uuid().optional().openapi({ description: 'Instead of X-Workspace-Id.' }),
    }),
  },
  responses: { 200: jsonAnswer(connectUrlSchema, 'Send the browser there.') },
});

const callback = apiRoute({
  method: 'get',
  path: '/auth/shop/callback',
  access: 'public',
  tags,
  summary: 'The return from TikTok Shop’s consent page',
  description:
    'Good once, within half an hour, in the browser that began it (by its cookie) or for the person who did (Authorization). Ends at redirect_to with ' +
    '`shop=connected&channels=…` or `shop=error&code=…&reason=…`, or at a page that says so. A state that is not valid redirects nowhere.',
  request: {
    query: z.object({
      code: text('To be exchanged for tokens; the word null where the seller refused.', 'ROW_FeBoANmHP3yqdoUI9fZOCw'),
      state: text('As it was given to TikTok; absent where the seller began in TikTok’s app store.', '0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a10.mZ3v'),
      error: text('TikTok’s own: auth_denied.', 'auth_denied'),
    }),
  },
  responses: {
    200: jsonAnswer(integratedSchema, 'With Accept: application/json; otherwise a page.'),
    302: { description: 'To redirect_to, with the outcome.' },
  },
});

const integrate = apiRoute({
  method: 'post',
  path: '/auth/integrate-channel',
  access: 'channels.connect',
  tags,
  summary: 'Connect the shops of an authorization code',
  description: 'Exchanges the code and makes one channel for each shop that the seller authorized; a shop that is connected already keeps its channel, orders and products. Also with a slash at the end.',
  request: { body: jsonBodyOf(integrateBody) },
  responses: { 201: jsonAnswer(integratedSchema, 'The channels.') },
});

const shopQuery = z.object({ channel_uid: channelUid.optional() });

const authorizedShops = apiRoute({
  method: 'get',
  path: '/auth/get-authorized-shops',
  access: 'channels.view',
  tags,
  summary: 'Ask TikTok which shops a seller’s authorization covers',
  description: 'Of the authorization of this channel; without one, of the first that can be asked.',
  request: { query: shopQuery },
  responses: { 200: jsonAnswer(authorizedShopsSchema, 'Fresh from TikTok; never the cipher.') },
});

const activeShops = apiRoute({
  method: 'get',
  path: '/auth/get-active-shops',
  access: 'channels.view',
  tags,
  summary: 'Ask TikTok which shops of the seller are active',
  description: 'Of the authorization of this channel; without one, of the first that can be asked.',
  request: { query: shopQuery },
  responses: { 200: jsonAnswer(activeShopsSchema, 'Fresh from TikTok.') },
});

type Outcome = Extract<ConnectShopsOutcome, { kind: 'connected' }> | { kind: 'refused'; code: ErrorCode; reason: string };

export function shopConnectRoutes(deps: ApiDeps): Router {
  const { db, config, secrets, temporal } = deps;

  const channelOf = async (c: Context<AppEnv>, uid: string | undefined): Promise<ChannelRow> => {
    const workspaceId = c.get('workspace').id;
    const channel = uid === undefined ? await findUsableChannel(db, workspaceId) : await requireUsableChannel(db, workspaceId, uid);
    if (!channel) throw new AppError('not_found', 'a connected shop');
    return channel;
  };

  return createRouter()
    .openapi(connectUrl, async (c) => {
      const { redirect_to } = c.req.valid('query');
      const page = redirect_to === undefined ? null : ownPage(redirect_to, config.publicUrl, config.corsOrigins);
      if (redirect_to !== undefined && page === null) throw fieldError('redirect_to', 'must be a page of this installation');
      const { url, state, expires_at } = await beginShopConsent(c, deps, page);
      c.header('Cache-Control', 'no-store');
      return c.json({ connect_url: url, state, expires_at: expires_at.toISOString() }, 200);
    })
    .openapi(callback, async (c) => {
      const query = c.req.valid('query');
      c.header('Cache-Control', 'no-store');
      if (query.state === undefined) return answerStateless(c, query.error);
      const state = await returningShopState(c, deps, query.state);
      const code = query.error === undefined && query.code !== 'null' ? query.code : undefined;
      if (code === undefined && query.error === undefined) throw fieldError('code', 'is missing, and TikTok names no error');
      if (!(await useShopOauthState(db, state.id, code === undefined ? null : secrets.seal(code)))) throw new ApiError('oauth_state_replayed');
      const outcome = code === undefined ? refusedBySeller(query.error ?? '') : await connected(deps, state.id, state.workspace_id);
      if (wantsJson(c)) return c.json(integrated(outcome), 200);
      if (state.redirect_to !== null) return c.redirect(pageWith(state.redirect_to, outcome), 302);
      return answerPage(c, outcome);
    })
    .openapi(integrate, async (c) => {
      const { code, state } = c.req.valid('json');
      if (!config.shopApp) throw new ApiError('shop_app_missing');
      const sealed = secrets.seal(code);
      const workspace_id = c.get('workspace').id;
      const id = state === undefined ? await stateForCode(c, deps, sealed) : await takenState(c, state, sealed);
      const outcome = await temporal.shop.connectShops({ oauth_state_id: id, workspace_id });
      c.header('Cache-Control', 'no-store');
      return c.json(integrated(outcome), 201);
    })
    .openapi(authorizedShops, async (c) => {
      const shops = await askShop<AuthorizedShopView[]>(deps, await channelOf(c, c.req.valid('query').channel_uid), { kind: 'authorized_shops' });
      return c.json({ shops }, 200);
    })
    .openapi(activeShops, async (c) => {
      const shops = await askShop<ActiveShopView[]>(deps, await channelOf(c, c.req.valid('query').channel_uid), { kind: 'active_shops' });
      return c.json({ shops }, 200);
    });

  /** A state of another workspace of the same person is not this request's. */
  async function takenState(c: Context<AppEnv>, given: string, sealed: string): Promise<string> {
    const state = await returningShopState(c, deps, given);
    if (state.workspace_id !== c.get('workspace').id) throw new ApiError('oauth_state_foreign');
    if (!(await useShopOauthState(db, state.id, sealed))) throw new ApiError('oauth_state_replayed');
    return state.id;
  }
}

async function connected({ temporal }: ApiDeps, oauth_state_id: string, workspace_id: string): Promise<Outcome> {
  try {
    return await temporal.shop.connectShops({ oauth_state_id, workspace_id });
  } catch (failure) {
    // The person is in a browser, where a page says so better than a document of JSON.
    if (failure instanceof AppError && failure.code === 'unavailable') return { kind: 'refused', code: 'unavailable', reason: ERRORS.unavailable.message };
    throw failure;
  }
}

const refusedBySeller = (error: string): Outcome => ({ kind: 'refused', code: error === 'auth_denied' ? 'oauth_denied' : 'oauth_failed', reason: `TikTok Shop: ${error}` });

function integrated(outcome: Outcome) {
  if (outcome.kind === 'refused') throw new ApiError(outcome.code, { detail: outcome.reason });
  return toIntegrated(outcome);
}

/** @param redirectTo a page of ours, checked when it was stored */
function pageWith(redirectTo: string, outcome: Outcome): string {
  const page = new URL(redirectTo);
  const result: Record<string, string> =
    outcome.kind === 'connected'
      ? { shop: 'connected', channels: outcome.channels.map(({ channel_id }) => channel_id).join(',') }
      : { shop: 'error', code: outcome.code, reason: outcome.reason.slice(0, MAX_WORDS) };
  for (const [name, value] of Object.entries(result)) page.searchParams.set(name, value);
  return page.href;
}

function answerPage(c: Context<AppEnv>, outcome: Outcome) {
  c.header('Content-Security-Policy', SHOP_PAGE_POLICY);
  if (outcome.kind === 'connected') return c.html(shopConnectedPage(outcome), 200) as never;
  return c.html(shopNotConnectedPage(ERRORS[outcome.code].message, outcome.reason), HTTP_STATUS[outcome.code]) as never;
}

/** Nobody knows whose shops these are to be: whoever is signed in here may be another person than the seller. */
function answerStateless(c: Context<AppEnv>, error: string | undefined) {
  if (wantsJson(c)) throw new ApiError('oauth_state_forged', { detail: 'The seller began at TikTok: send the code to POST /auth/integrate-channel within 30 minutes, or begin with GET /auth/connect-url.' });
  c.header('Content-Security-Policy', SHOP_PAGE_POLICY);
  if (error !== undefined) return c.html(shopNotConnectedPage(ERRORS.oauth_denied.message, `TikTok Shop: ${error}`), HTTP_STATUS.oauth_denied) as never;
  return c.html(shopStatelessPage(), 200) as never;
}

const wantsJson = (c: Context<AppEnv>): boolean =>
  accepts(c, { header: 'Accept', supports: ['text/html', 'application/json'], default: 'text/html' }) === 'application/json';
