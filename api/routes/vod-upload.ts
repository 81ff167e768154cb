import type { Context } from 'hono';
import { bodyStream } from '../body-stream.ts';
import { createRouter, type AppEnv, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { DEFAULT_BODY_BYTES, isJson, readBytes } from '../json-body.ts';
import { parseAs } from '../post-input.ts';
import { apiRoute, jsonAnswer } from '../route.ts';
import { idParam } from '../schemas/common.ts';
import { toVodView, vodFetch, vodFields, vodSchema } from '../schemas/vod.ts';
import { createTusUploads, TUS_PATH } from '../tus.ts';
import { vodFromAddress, vodFromForm, vodTooLarge, type VodSender } from '../vod-intake.ts';

const tags = ['VOD'];
/** Fields and boundaries around the file. */
const AROUND_THE_FILE_BYTES = 1024 * 1024;

const upload = apiRoute({
  method: 'post',
  path: '/vod/upload',
  access: 'vods.edit',
  tags,
  summary: 'Upload a video, or have it fetched',
  description:
    'multipart/form-data with the part `file` and fields as in VodFields, in any order; or JSON with `path_or_url`, from where a worker fetches it. ' +
    'It is then checked, and made to play in every browser: its status tells how far that is. For large files over bad lines use tus at /vod/upload/tus.',
  rawBody: true,
  request: {
    body: {
      required: true,
      content: {
        'multipart/form-data': {
          schema: {
            type: 'object' as const,
            required: ['file'],
            properties: {
              file: { type: 'string' as const, contentMediaType: 'video/mp4', example: '(the bytes of the video)' },
              title: { type: 'string' as const },
              description: { type: 'string' as const },
              stream_id: { type: 'string' as const },
              visibility: { type: 'string' as const },
              recorded_from: { type: 'string' as const },
            },
          },
        },
        'application/json': { schema: { $ref: '#/components/schemas/VodFetch' } },
      },
    },
  },
  responses: { 202: jsonAnswer(vodSchema, 'It is stored, or will be fetched; what it is is found out next.') },
});

const TUS_DESCRIPTION = 'tus 1.0 (https://tus.io): creation, creation-with-upload, creation-defer-length, termination, expiration. Metadata: filename, and the fields of VodFields.';
const octets = { required: false, content: { 'application/offset+octet-stream': { schema: { type: 'string' as const, example: '(bytes)' } } } };

const discover = apiRoute({ method: 'options', path: TUS_PATH, access: 'public', tags, summary: 'What resumable uploads can do', rawBody: true, responses: { 204: { description: 'In headers Tus-*.' } } });
const begin = apiRoute({
  method: 'post',
  path: TUS_PATH,
  access: 'vods.edit',
  tags,
  summary: 'Begin a resumable upload',
  description: TUS_DESCRIPTION,
  rawBody: true,
  request: { body: octets },
  responses: { 201: { description: 'Location is the upload; its last part becomes the id of the video.' } },
});
// Hono answers HEAD by the route of GET.
const look = apiRoute({
  method: 'get',
  path: `${TUS_PATH}/{id}` as const,
  access: 'vods.edit',
  tags,
  summary: 'HEAD: how far a resumable upload is',
  rawBody: true,
  request: { params: idParam },
  responses: { 200: { description: 'In headers Upload-Offset and Upload-Length.' } },
});
const append = apiRoute({
  method: 'patch',
  path: `${TUS_PATH}/{id}` as const,
  access: 'vods.edit',
  tags,
  summary: 'Go on with a resumable upload',
  rawBody: true,
  request: { params: idParam, body: octets },
  responses: { 204: { description: 'In Upload-Offset how far it is; once whole the video is there.' } },
});
const abandon = apiRoute({
  method: 'delete',
  path: `${TUS_PATH}/{id}` as const,
  access: 'vods.edit',
  tags,
  summary: 'Give a resumable upload up',
  rawBody: true,
  request: { params: idParam },
  responses: { 204: { description: 'What came of it is gone.' } },
});

/** Ways in for videos: a form, an address, tus. */
export function vodUploadRoutes(deps: ApiDeps): Router {
  const tus = createTusUploads(deps);
  const sender = (c: Context<AppEnv>): VodSender => ({ workspace_id: c.get('workspace').id, user_id: c.get('userId'), log: c.get('log'), request_id: c.get('requestId') });
  const handle = (c: Context<AppEnv>): Promise<Response> => tus.handle(c.req.raw, sender(c));
  const routes = createRouter();
  routes.openAPIRegistry.register('VodFetch', vodFetch);
  routes.openAPIRegistry.register('VodFields', vodFields);

  return routes
    .openapi(upload, async (c) => {
      const contentType = c.req.header('content-type') ?? '';
      if (isJson(contentType)) {
        const text = (await readBytes(c.req.raw, DEFAULT_BODY_BYTES))?.toString('utf8') ?? '';
        return c.json(toVodView(await vodFromAddress(deps, parseAs(vodFetch, text.trim() === '' ? '{}' : text, 'body'), sender(c))), 202);
      }
      if (!/^multipart\/form-data\b/i.test(contentType)) throw new ApiError('unsupported_media_type', { detail: 'send multipart/form-data or application/json' });
      const { vodMaxBytes } = deps.config.streaming;
      if (Number(c.req.header('content-length') ?? 0) > vodMaxBytes + AROUND_THE_FILE_BYTES) throw vodTooLarge(vodMaxBytes);
      return c.json(toVodView(await vodFromForm(deps, contentType, bodyStream(c), sender(c))), 202);
    })
    .openapi(discover, (c) => tus.options(c.req.raw) as never)
    .openapi(begin, (c) => handle(c) as never)
    .openapi(look, (c) => {
      if (c.req.raw.method !== 'HEAD') throw new ApiError('not_found', { detail: 'ask with HEAD how far an upload is' });
      return handle(c) as never;
    })
    .openapi(append, (c) => handle(c) as never)
    .openapi(abandon, (c) => handle(c) as never);
}
