import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { listSessions, listViewerSamples, type StreamRow } from '../../db/stream.repository.ts';
import { STREAM_FILTERS, type StreamFilter } from '../../domain/contracts/stream.ts';
import { createRouter, type AppEnv, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { decodeCursor, idBefore, pageQuery, pageSchema, toPage } from '../paging.ts';
import { issuePlayToken } from '../play-token.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { idParam } from '../schemas/common.ts';
import { iso, oneOrMore, yesOrNo } from '../schemas/query.ts';
import {
  encoderSessionSchema,
  madeStreamSchema,
  newStream,
  playUrlSchema,
  rotatedKeySchema,
  streamChange,
  streamSchema,
  toEncoderSession,
  toStreamView,
  viewerSampleSchema,
} from '../schemas/stream.ts';
import { changeStream, makeStream, removeStream, rotateKey, type StreamEditor } from '../stream-change.ts';
import { readStream, readStreams, requireStream } from '../stream-read.ts';
import { rtmpWithKey, signedUrls, streamUrls } from '../stream-urls.ts';

const tags = ['Streams'];
const FILTERS = Object.keys(STREAM_FILTERS) as [StreamFilter, ...StreamFilter[]];

const create = apiRoute({
  method: 'post',
  path: '/streams',
  access: 'streams.edit',
  tags,
  summary: 'Make a stream',
  description: 'The answer has the stream key, which is shown this once, and the URLs to publish to and to watch.',
  request: { body: jsonBodyOf(newStream) },
  responses: { 201: jsonAnswer(madeStreamSchema, 'The stream waits for its encoder.') },
});

const list = apiRoute({
  method: 'get',
  path: '/streams',
  access: 'streams.view',
  tags,
  summary: 'List streams, newest first',
  request: {
    query: pageQuery.extend({
      status: oneOrMore(FILTERS, 'upcoming: waits. live: on air, or its encoder may come back. ended: over.').optional(),
      featured: yesOrNo('Only those that are featured, or are not.').optional(),
    }),
  },
  responses: { 200: jsonAnswer(pageSchema(streamSchema), 'One page.') },
});

const read = apiRoute({
  method: 'get',
  path: '/streams/{id}',
  access: 'streams.view',
  tags,
  summary: 'Show a stream',
  request: { params: idParam },
  responses: { 200: jsonAnswer(streamSchema, 'The stream.') },
});

const change = apiRoute({
  method: 'put',
  path: '/streams/{id}',
  access: 'streams.edit',
  tags,
  summary: 'Change or end a stream',
  description: 'For who made it. `status: ended` ends it, for good; its recording becomes a video. `featured` is for owners and admins of the workspace.',
  request: { params: idParam, body: jsonBodyOf(streamChange) },
  responses: { 200: jsonAnswer(streamSchema, 'The stream.'), 202: jsonAnswer(streamSchema, 'The stream has been told to end; its status tells how far it is.') },
});

const remove = apiRoute({
  method: 'delete',
  path: '/streams/{id}',
  access: 'streams.edit',
  tags,
  summary: 'Delete a stream',
  description: 'One that is not on air. Its videos and its chat stay.',
  request: { params: idParam },
  responses: { 204: { description: 'Deleted.' } },
});

const rotate = apiRoute({
  method: 'post',
  path: '/streams/{id}/rotate-key',
  access: 'streams.edit',
  tags,
  summary: 'Give a stream another key',
  description: 'The old one is refused at once, and an encoder that publishes with it is cut off; it may come back with the new one.',
  request: { params: idParam },
  responses: { 200: jsonAnswer(rotatedKeySchema, 'The new key, shown this once.') },
});

const playUrl = apiRoute({
  method: 'post',
  path: '/streams/{id}/play-url',
  access: 'streams.view',
  tags,
  summary: 'Make signed URLs to watch a private stream by',
  description: 'Whoever has them may watch until they expire (PLAY_URL_TTL_S); no account is needed.',
  request: { params: idParam },
  responses: { 200: jsonAnswer(playUrlSchema, 'The URLs.') },
});

const viewers = apiRoute({
  method: 'get',
  path: '/streams/{id}/viewers',
  access: 'streams.view',
  tags,
  summary: 'How many watched, over time',
  request: { params: idParam, query: pageQuery },
  responses: { 200: jsonAnswer(pageSchema(viewerSampleSchema), 'Samples, oldest first, about two a minute while it was live.') },
});

const sessions = apiRoute({
  method: 'get',
  path: '/streams/{id}/sessions',
  access: 'streams.view',
  tags,
  summary: 'Which encoders published, and why each stopped',
  request: { params: idParam, query: pageQuery },
  responses: { 200: jsonAnswer(pageSchema(encoderSessionSchema), 'Sessions, newest first.') },
});

const afterTime = z.tuple([z.iso.datetime()]);
const beforeEpoch = z.tuple([z.int()]);

export function streamRoutes(deps: ApiDeps): Router {
  const { db, config } = deps;
  const find = (c: Context<AppEnv>, id: string): Promise<StreamRow> => requireStream(deps, c.get('workspace').id, id);
  const editor = (c: Context<AppEnv>): StreamEditor => ({ user_id: c.get('userId'), workspace: c.get('workspace'), request_id: c.get('requestId'), log: c.get('log') });

  return createRouter()
    .openapi(create, async (c) => {
      const by = editor(c);
      const { stream, key } = await makeStream(deps, { ...c.req.valid('json'), workspace_id: by.workspace.id, user_id: by.user_id }, by);
      c.header('Cache-Control', 'no-store');
      return c.json({ ...toStreamView(stream, config), stream_key: key, rtmp_with_key: rtmpWithKey(key, config) }, 201);
    })
    .openapi(list, async (c) => {
      const { limit, cursor, status, featured } = c.req.valid('query');
      return c.json(await readStreams(deps, { workspace_id: c.get('workspace').id, status, featured, before: idBefore(cursor), limit }), 200);
    })
    .openapi(read, async (c) => c.json(await readStream(deps, c.get('workspace').id, c.req.valid('param').id), 200))
    .openapi(change, async (c) => {
      const { stream, pending } = await changeStream(deps, await find(c, c.req.valid('param').id), c.req.valid('json'), editor(c));
      return c.json(toStreamView(stream, config), pending ? 202 : 200);
    })
    .openapi(remove, async (c) => {
      await removeStream(deps, await find(c, c.req.valid('param').id), editor(c));
      return c.body(null, 204);
    })
    .openapi(rotate, async (c) => {
      const stream = await find(c, c.req.valid('param').id);
      const { key } = await rotateKey(deps, stream, editor(c));
      c.header('Cache-Control', 'no-store');
      return c.json({ id: stream.id, stream_key_hint: key.slice(-4), stream_key: key, rtmp_with_key: rtmpWithKey(key, config) }, 200);
    })
    .openapi(playUrl, async (c) => {
      const { id, host_url } = await find(c, c.req.valid('param').id);
      const { token, expires_at } = await issuePlayToken(id, config);
      c.header('Cache-Control', 'no-store');
      return c.json({ token, expires_at, urls: signedUrls(streamUrls(id, host_url, config), token) }, 200);
    })
    .openapi(viewers, async (c) => {
      const { limit, cursor } = c.req.valid('query');
      const { id } = await find(c, c.req.valid('param').id);
      const after = cursor === undefined ? undefined : new Date(decodeCursor(cursor, afterTime)[0]);
      const rows = await listViewerSamples(db, id, after, limit + 1);
      return c.json(toPage(rows, limit, ({ at, viewers: count }) => ({ at: iso(at), viewers: count }), ({ at }) => [iso(at)]), 200);
    })
    .openapi(sessions, async (c) => {
      const { limit, cursor } = c.req.valid('query');
      const { id } = await find(c, c.req.valid('param').id);
      const rows = await listSessions(db, id, cursor === undefined ? undefined : decodeCursor(cursor, beforeEpoch)[0], limit + 1);
      return c.json(toPage(rows, limit, toEncoderSession, ({ epoch }) => [epoch]), 200);
    });
}
