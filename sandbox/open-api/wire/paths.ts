/** Every path of the Open API that the sandbox answers, by the name that limits and faults use. */
export const OPEN_API_PATHS = [
  '/v2/auth/authorize/',
  '/v2/oauth/token/',
  '/v2/oauth/revoke/',
  '/v2/user/info/',
  '/v2/post/publish/creator_info/query/',
  '/v2/post/publish/video/init/',
  '/v2/post/publish/inbox/video/init/',
  '/v2/post/publish/content/init/',
  '/v2/post/publish/status/fetch/',
  '/v2/post/publish/cancel/',
  '/v2/video/list/',
  '/v2/video/query/',
  '/upload/',
] as const;
export type OpenApiPath = (typeof OPEN_API_PATHS)[number];

export const UPLOAD_PATH: OpenApiPath = '/upload/';
