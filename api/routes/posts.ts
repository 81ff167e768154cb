import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { lastOfTimeline, listPosts, type PostRow } from '../../db/post.repository.ts';
import { POST_STATES } from '../../domain/contracts/post.ts';
import { bodyStream } from '../body-stream.ts';
import { createRouter, type AppEnv, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { DEFAULT_BODY_BYTES, isJson, readBytes } from '../json-body.ts';
import { idBefore, pageQuery, pageSchema, toIdPage } from '../paging.ts';
import { changePost, endPost, removePost, requirePost, tryAgain } from '../post-change.ts';
import { postFromJson, postFromUpload, type PostsAnswer, type Requester } from '../post-create.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { idParam } from '../schemas/common.ts';
import { idempotencyHeader } from '../schemas/device.ts';
import { createdPosts, newPost, postChange, postDetailSchema, postMetadata, postRetry, postSchema, toPostView, toTimelineEntry } from '../schemas/post.ts';
import { instant, oneOrMore } from '../schemas/query.ts';
import { refuseTooLarge } from '../stored-file.ts';

const tags = ['Posts'];
const postAnswer = { 200: jsonAnswer(postSchema, 'The post.') };
const MAX_TIMELINE = 1_000;

/** Not zod: a schema would have the whole body read into memory before the handler is asked. */
const bodies = {
  'application/json': { schema: { $ref: '#/components/schemas/NewPost' } },
  'multipart/form-data': {
    schema: {
      type: 'object' as const,
      required: ['metadata', 'file'],
      properties: {
        metadata: { $ref: '#/components/schemas/NewPostMetadata' },
        file: { type: 'string' as const, contentMediaType: 'video/mp4', description: 'The video: MP4, MOV or WebM. It comes behind metadata.' },
      },
    },
    encoding: { metadata: { contentType: 'application/json' }, file: { contentType: 'video/mp4, video/quicktime, video/webm' } },
  },
};

const create = apiRoute({
  method: 'post',
  path: '/api/posts',
  access: 'posts.edit',
  tags,
  summary: 'Post a video or photos, now or later',
  description:
    'One post for each account, all or none. multipart/form-data: the parts `metadata` (JSON, at most 64 KiB) and `file`, in this order; ' +
    'JSON: `media_id`, `video_url` or `photo_urls`. Everything that can be known is checked before it answers. With an Idempotency-Key a repeat ' +
    'makes nothing and gets the same posts for seven days.',
  rawBody: true,
  request: { headers: idempotencyHeader, body: { content: bodies, required: true } },
  responses: {
    202: jsonAnswer(createdPosts, 'They are stored, and on their way when their time comes.'),
    200: jsonAnswer(createdPosts, 'What the first request with this Idempotency-Key made, as it is now.'),
  },
});

const list = apiRoute({
  method: 'get',
  path: '/api/posts',
  access: 'posts.view',
  tags,
  summary: 'List posts, newest first',
  request: {
    query: pageQuery.extend({
      state: oneOrMore(POST_STATES, 'Only these states.').optional(),
      social_account_id: z.uuid().optional().openapi({ description: 'Only this account.' }),
      group_id: z.uuid().optional().openapi({ description: 'Only the posts of one request.' }),
      created_from: instant('Made then or later.').optional(),
      created_to: instant('Made before.').optional(),
      publish_from: instant('With a time to publish, then or later.').optional(),
      publish_to: instant('With a time to publish before.').optional(),
    }),
  },
  responses: { 200: jsonAnswer(pageSchema(postSchema), 'One page.') },
});

const read = apiRoute({
  method: 'get',
  path: '/api/posts/{id}',
  access: 'posts.view',
  tags,
  summary: 'Show a post, how far it is, and what happened to it',
  request: { params: idParam },
  responses: { 200: jsonAnswer(postDetailSchema, 'The post.') },
});

const change = apiRoute({
  method: 'patch',
  path: '/api/posts/{id}',
  access: 'posts.edit',
  tags,
  summary: 'Change a post before it starts',
  description: 'Reaches the running workflow. 409 once TikTok has been asked to begin.',
  request: { params: idParam, body: jsonBodyOf(postChange) },
  responses: postAnswer,
});

const cancel = apiRoute({
  method: 'post',
  path: '/api/posts/{id}/cancel',
  access: 'posts.edit',
  tags,
  summary: 'Cancel a post',
  description: 'Answers when it is known whether it was. Doing it again changes nothing.',
  request: { params: idParam },
  responses: postAnswer,
});

const retry = apiRoute({
  method: 'post',
  path: '/api/posts/{id}/retry',
  access: 'posts.edit',
  tags,
  summary: 'Try a post again that failed or was cancelled',
  request: { params: idParam, body: { content: { 'application/json': { schema: postRetry } } } },
  responses: { 202: jsonAnswer(postSchema, 'It begins anew.') },
});

const remove = apiRoute({
  method: 'delete',
  path: '/api/posts/{id}',
  access: 'posts.edit',
  tags,
  summary: 'Delete a post here',
  description: 'One that ended, or waits for its time. Its file goes where no other post uses it; what is on TikTok stays there.',
  request: { params: idParam },
  responses: { 204: { description: 'Deleted.' } },
});

export function postRoutes(deps: ApiDeps): Router {
  const { db, config } = deps;
  const routes = createRouter();
  routes.openAPIRegistry.register('NewPost', newPost);
  routes.openAPIRegistry.register('NewPostMetadata', postMetadata);
  const find = (c: Context<AppEnv>, { id }: { id: string }): Promise<PostRow> => requirePost(deps, c.get('workspace').id, id);

  routes.openapi(create, async (c) => {
    const contentType = c.req.header('content-type') ?? '';
    const by: Requester = { workspace_id: c.get('workspace').id, user_id: c.get('userId'), key: c.req.valid('header')['Idempotency-Key'] ?? null, log: c.get('log') };
    if (isJson(contentType)) {
      const text = (await readBytes(c.req.raw, DEFAULT_BODY_BYTES))?.toString('utf8') ?? '';
      return answer(await postFromJson(deps, text.trim() === '' ? '{}' : text, by));
    }
    if (!/^multipart\/form-data\b/i.test(contentType)) throw new ApiError('unsupported_media_type', { detail: 'send multipart/form-data or application/json' });
    refuseTooLarge(c.req.header('content-length'), config.mediaMaxBytes);
    return answer(await postFromUpload(deps, contentType, bodyStream(c), by));

    function answer({ group_id, posts, repeated }: PostsAnswer) {
      return c.json({ group_id, items: posts.map(toPostView) }, repeated ? 200 : 202);
    }
  });

  routes.openapi(list, async (c) => {
    const { limit, cursor, ...filter } = c.req.valid('query');
    const rows = await listPosts(db, { ...filter, workspace_id: c.get('workspace').id, before: idBefore(cursor), limit: limit + 1 });
    return c.json(toIdPage(rows, limit, toPostView), 200);
  });

  routes.openapi(read, async (c) => {
    const post = await find(c, c.req.valid('param'));
    const timeline = await lastOfTimeline(db, post.id, MAX_TIMELINE);
    return c.json({ ...toPostView(post), timeline: timeline.map(toTimelineEntry) }, 200);
  });

  routes.openapi(change, async (c) => c.json(toPostView(await changePost(deps, await find(c, c.req.valid('param')), c.req.valid('json'))), 200));

  routes.openapi(cancel, async (c) => c.json(toPostView(await endPost(deps, await find(c, c.req.valid('param')))), 200));

  routes.openapi(retry, async (c) => {
    const { confirm_not_published = false } = c.req.valid('json');
    return c.json(toPostView(await tryAgain(deps, await find(c, c.req.valid('param')), confirm_not_published, c.get('log'))), 202);
  });

  routes.openapi(remove, async (c) => {
    await removePost(deps, await find(c, c.req.valid('param')));
    return c.body(null, 204);
  });

  return routes;
}
