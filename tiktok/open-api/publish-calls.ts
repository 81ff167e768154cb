import type { InitAnswer, InitRequest, OpenApiResult } from '../../domain/contracts/open-api.ts';
import type { Caller } from './caller.ts';
import type { OpenApiClient } from './client.ts';
import { badAnswer } from './failures.ts';
import { creatorInfoSchema, initSchema, nothingSchema, statusSchema } from './schemas.ts';

type PublishCalls = Pick<OpenApiClient, 'creatorInfo' | 'init' | 'status' | 'cancel'>;

const INIT_PATHS = {
  direct_video: '/v2/post/publish/video/init/',
  inbox_video: '/v2/post/publish/inbox/video/init/',
  photo: '/v2/post/publish/content/init/',
} as const satisfies Record<InitRequest['route'], string>;

/** https://developers.tiktok.com/doc/content-posting-api-get-started */
export function createPublishCalls(call: Caller): PublishCalls {
  return {
    creatorInfo: (access_token, signal) =>
      call({ kind: 'post', path: '/v2/post/publish/creator_info/query/', access_token, json: null, schema: creatorInfoSchema, signal }),
    async init(access_token, request, signal) {
      const json = initBody(request);
      return withUploadUrl(request, await call({ kind: 'post', path: INIT_PATHS[request.route], access_token, json, schema: initSchema, once: true, signal }));
    },
    status: (access_token, publish_id, signal) =>
      call({ kind: 'post', path: '/v2/post/publish/status/fetch/', access_token, json: { publish_id }, schema: statusSchema, signal }),
    cancel: (access_token, publish_id, signal) =>
      call({ kind: 'post', path: '/v2/post/publish/cancel/', access_token, json: { publish_id }, schema: nothingSchema, signal }),
  };
}

function initBody(request: InitRequest): { [key: string]: unknown } {
  if (request.route === 'photo') return request.body;
  const { source, post_info } = request;
  return {
    ...(post_info === null ? {} : { post_info }),
    source_info: source.kind === 'file' ? { source: 'FILE_UPLOAD', ...source.plan } : { source: 'PULL_FROM_URL', video_url: source.url },
  };
}

/** Without an upload URL nothing can be sent, and no post can come of it. */
function withUploadUrl(request: InitRequest, result: OpenApiResult<InitAnswer>): OpenApiResult<InitAnswer> {
  const isUpload = request.route !== 'photo' && request.source.kind === 'file';
  if (!isUpload || !result.ok || result.value.upload_url !== null) return result;
  return badAnswer('TikTok took the post and gave no URL to upload it to.', { definite: true });
}
