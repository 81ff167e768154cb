import { findSocialAccount, listSocialAccounts, type SocialAccountRow } from '../../db/social-account.repository.ts';
import type { Db } from '../../db/client.ts';
import { SOCIAL_ACCOUNT_STATES } from '../../domain/contracts/social-account.ts';
import { AppError } from '../../domain/errors.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { idBefore, pageQuery, pageSchema, toIdPage } from '../paging.ts';
import { apiRoute, jsonAnswer } from '../route.ts';
import { idParam } from '../schemas/common.ts';
import { oneOrMore } from '../schemas/query.ts';
import { creatorInfoSchema, disconnectedSchema, socialAccountSchema, toSocialAccount } from '../schemas/social-account.ts';

const tags = ['Social accounts'];

const list = apiRoute({
  method: 'get',
  path: '/api/social-accounts',
  access: 'social_accounts.view',
  tags,
  summary: 'List TikTok accounts, newest first',
  request: { query: pageQuery.extend({ state: oneOrMore(SOCIAL_ACCOUNT_STATES, 'Only these states.').optional() }) },
  responses: { 200: jsonAnswer(pageSchema(socialAccountSchema), 'One page.') },
});

const get = apiRoute({
  method: 'get',
  path: '/api/social-accounts/{id}',
  access: 'social_accounts.view',
  tags,
  summary: 'Show a TikTok account: its state, why, and what was not granted',
  request: { params: idParam },
  responses: { 200: jsonAnswer(socialAccountSchema, 'The account.') },
});

const disconnect = apiRoute({
  method: 'delete',
  path: '/api/social-accounts/{id}',
  access: 'social_accounts.disconnect',
  tags,
  summary: 'Disconnect a TikTok account',
  description:
    'Revokes at TikTok, removes the tokens whatever TikTok says, and cancels what waits. The account stays in the list as disconnected, with its posts ' +
    'and their numbers; connected again it is the same one. Doing it again changes nothing.',
  request: { params: idParam },
  responses: { 200: jsonAnswer(disconnectedSchema, 'The tokens are gone.') },
});

const creatorInfo = apiRoute({
  method: 'get',
  path: '/api/social-accounts/{id}/creator-info',
  access: 'posts.edit',
  tags,
  summary: 'What TikTok allows this creator now',
  description: 'Asked of TikTok each time, as its guidelines demand: ask when the form for a post is shown.',
  request: { params: idParam },
  responses: { 200: jsonAnswer(creatorInfoSchema, 'Fresh from TikTok.') },
});

/** The account, or not_found where it is none of the workspace's. */
export async function requireSocialAccount(db: Db, workspaceId: string, id: string): Promise<SocialAccountRow> {
  const account = await findSocialAccount(db, workspaceId, id);
  if (!account) throw new AppError('not_found');
  return account;
}

export function socialAccountRoutes({ db, temporal }: ApiDeps): Router {
  return createRouter()
    .openapi(list, async (c) => {
      const { limit, cursor, state } = c.req.valid('query');
      const rows = await listSocialAccounts(db, { workspace_id: c.get('workspace').id, state, before: idBefore(cursor), limit: limit + 1 });
      return c.json(toIdPage(rows, limit, toSocialAccount), 200);
    })
    .openapi(get, async (c) => c.json(toSocialAccount(await requireSocialAccount(db, c.get('workspace').id, c.req.valid('param').id)), 200))
    .openapi(disconnect, async (c) => {
      const { id, workspace_id } = await requireSocialAccount(db, c.get('workspace').id, c.req.valid('param').id);
      return c.json(await temporal.publishing.disconnectAccount({ social_account_id: id, workspace_id }), 200);
    })
    .openapi(creatorInfo, async (c) => {
      const { id, workspace_id } = await requireSocialAccount(db, c.get('workspace').id, c.req.valid('param').id);
      const info = await temporal.publishing.creatorInfo({ social_account_id: id, workspace_id });
      if (!info.ok) throw failed(info.code, info.reason, info.retry_after_ms);
      c.header('Cache-Control', 'no-store');
      return c.json(info.value, 200);
    });
}

const failed = (code: ApiError['code'], reason: string, retryAfterMs: number | null): ApiError =>
  new ApiError(code, { detail: reason, ...(retryAfterMs !== null && { retryAfterS: Math.ceil(retryAfterMs / 1_000) }) });
