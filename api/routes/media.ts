import { deleteMedia, findMedia, insertMedia, listMedia, type NewMedia } from '../../db/media.repository.ts';
import { bodyStream } from '../body-stream.ts';
import { createRouter, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { readUpload } from '../multipart.ts';
import { idBefore, pageQuery, pageSchema, toIdPage } from '../paging.ts';
import { apiRoute, jsonAnswer } from '../route.ts';
import { idParam } from '../schemas/common.ts';
import { mediaSchema, toMediaView } from '../schemas/media.ts';
import { discardUnused, refuseTooLarge, storeFile } from '../stored-file.ts';

const tags = ['Posts'];

const upload = apiRoute({
  method: 'post',
  path: '/api/media',
  access: 'posts.edit',
  tags,
  summary: 'Upload a video to post it later, perhaps several times',
  description: 'multipart/form-data with the one part `file`. It is checked as POST /api/posts does.',
  rawBody: true,
  request: {
    body: {
      required: true,
      content: {
        'multipart/form-data': {
          schema: {
            type: 'object' as const,
            required: ['file'],
            properties: { file: { type: 'string' as const, contentMediaType: 'video/mp4', example: '(the bytes of the video)' } },
          },
        },
      },
    },
  },
  responses: { 201: jsonAnswer(mediaSchema, 'The file; its id is a media_id.') },
});

const list = apiRoute({
  method: 'get',
  path: '/api/media',
  access: 'posts.view',
  tags,
  summary: 'List uploaded files, newest first',
  request: { query: pageQuery },
  responses: { 200: jsonAnswer(pageSchema(mediaSchema), 'One page.') },
});

const read = apiRoute({
  method: 'get',
  path: '/api/media/{id}',
  access: 'posts.view',
  tags,
  summary: 'Show an uploaded file',
  request: { params: idParam },
  responses: { 200: jsonAnswer(mediaSchema, 'What is known of it.') },
});

const remove = apiRoute({
  method: 'delete',
  path: '/api/media/{id}',
  access: 'posts.edit',
  tags,
  summary: 'Delete an uploaded file',
  description: 'Refused while a post uses it; it goes with the last of them.',
  request: { params: idParam },
  responses: { 204: { description: 'Deleted.' } },
});

export function mediaRoutes(deps: ApiDeps): Router {
  const { db, config, media } = deps;
  const missing = (): ApiError => new ApiError('not_found', { detail: 'no such file' });

  return createRouter()
    .openapi(upload, async (c) => {
      refuseTooLarge(c.req.header('content-length'), config.mediaMaxBytes);
      const owner = { workspace_id: c.get('workspace').id, user_id: c.get('userId') };
      let kept: NewMedia | null = null;
      try {
        const added = await readUpload({ source: bodyStream(c), contentType: c.req.header('content-type') ?? '', metadata: 'none' }, async ({ file, file_name }) => {
          kept = await storeFile(deps, { file, file_name, mode: 'direct' }, owner);
          return kept;
        });
        return c.json(toMediaView(await insertMedia(db, added)), 201);
      } finally {
        if (kept) await discardUnused(deps, kept);
      }
    })
    .openapi(list, async (c) => {
      const { limit, cursor } = c.req.valid('query');
      return c.json(toIdPage(await listMedia(db, c.get('workspace').id, limit + 1, idBefore(cursor)), limit, toMediaView), 200);
    })
    .openapi(read, async (c) => {
      const found = await findMedia(db, c.get('workspace').id, c.req.valid('param').id);
      if (!found) throw missing();
      return c.json(toMediaView(found), 200);
    })
    .openapi(remove, async (c) => {
      const outcome = await deleteMedia(db, c.get('workspace').id, c.req.valid('param').id, (key) => media.delete(key));
      if (outcome === 'not_found') throw missing();
      if (outcome === 'in_use') throw new ApiError('conflict', { detail: 'a post uses this file: delete the post, and the file goes with it' });
      return c.body(null, 204);
    });
}

