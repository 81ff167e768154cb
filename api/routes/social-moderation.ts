import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { findStanding, listSuspended, restoreAppUser, suspendAppUser, type AccountStanding } from '../../db/app-suspension.repository.ts';
import { createRouter, type AppEnv, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { endSuspendedStreams } from '../end-suspended-streams.ts';
import { ApiError } from '../errors.ts';
import { decodeCursor, pageQuery, pageSchema, toPage } from '../paging.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { id, idParam, timestamp } from '../schemas/common.ts';
import { toldReason } from '../schemas/moderation.ts';

const tags = ['Social app'];

const standingSchema = z
  .object({
    id,
    username: z.string().openapi({ example: 'ada' }),
    suspended_at: timestamp.nullable().openapi({ description: 'null: not suspended.' }),
    reason: z.string().nullable().openapi({ example: 'Threats against others', description: 'What the user is told; null: not suspended.' }),
  })
  .openapi('SocialUserStanding');

const list = apiRoute({
  method: 'get',
  path: '/social/users/suspended',
  access: 'social.view',
  tags,
  summary: 'List the suspended users of the app, the last ones first',
  request: { query: pageQuery },
  responses: { 200: jsonAnswer(pageSchema(standingSchema), 'One page.') },
});

const suspend = apiRoute({
  method: 'post',
  path: '/social/users/{id}/suspend',
  access: 'social.manage',
  tags,
  summary: 'Suspend a user of the app',
  description: 'Nobody sees them any more, they can not sign in, and what they show live ends. Who is suspended already keeps the reason of then.',
  request: { params: idParam, body: jsonBodyOf(z.strictObject({ reason: toldReason })) },
  responses: { 200: jsonAnswer(standingSchema, 'The user as they are now.') },
});

const restore = apiRoute({
  method: 'post',
  path: '/social/users/{id}/restore',
  access: 'social.manage',
  tags,
  summary: 'Lift the suspension of a user',
  description: 'Everything of theirs is there again. Who is not suspended stays as they are.',
  request: { params: idParam },
  responses: { 200: jsonAnswer(standingSchema, 'The user as they are now.') },
});

const toStanding = ({ id: userId, username, suspended_at, suspension_reason }: AccountStanding): z.infer<typeof standingSchema> => ({
  id: userId,
  username,
  suspended_at: suspended_at?.toISOString() ?? null,
  reason: suspension_reason,
});

const placeCursor = z.tuple([z.iso.datetime(), z.uuid()]);

/** Suspensions, for the app's moderators. */
export function socialModerationRoutes(deps: ApiDeps): Router {
  const { db } = deps;
  const standingOf = async (c: Context<AppEnv>, userId: string): Promise<AccountStanding> => {
    const standing = await findStanding(db, { workspace_id: c.get('workspace').id, user_id: userId });
    if (!standing) throw new ApiError('not_found', { detail: `user ${userId}` });
    return standing;
  };

  return createRouter()
    .openapi(list, async (c) => {
      const { limit, cursor } = c.req.valid('query');
      const [suspended_at, last] = cursor === undefined ? [] : decodeCursor(cursor, placeCursor);
      const rows = await listSuspended(db, c.get('workspace').id, { limit, before: suspended_at && last ? { suspended_at, id: last } : null });
      return c.json(toPage(rows, limit, toStanding, (row) => [row.suspended_at.toISOString(), row.id]), 200);
    })
    .openapi(suspend, async (c) => {
      const account = { workspace_id: c.get('workspace').id, user_id: c.req.valid('param').id };
      const before = await standingOf(c, account.user_id);
      await suspendAppUser(db, { ...account, reason: c.req.valid('json').reason });
      if (before.suspended_at === null) c.get('log').info({ app_user_id: account.user_id }, 'a user of the app was suspended');
      await endSuspendedStreams(deps, account, { user_id: c.get('userId'), request_id: c.get('requestId') });
      return c.json(toStanding(await standingOf(c, account.user_id)), 200);
    })
    .openapi(restore, async (c) => {
      const account = { workspace_id: c.get('workspace').id, user_id: c.req.valid('param').id };
      const before = await standingOf(c, account.user_id);
      await restoreAppUser(db, account);
      if (before.suspended_at !== null) c.get('log').info({ app_user_id: account.user_id }, 'the suspension of a user of the app was lifted');
      return c.json(toStanding(await standingOf(c, account.user_id)), 200);
    });
}
