import { Hono } from 'hono';
import { z } from 'zod';
import { createPost, uploadUrl } from '../publishing/create-post.ts';
import { creatorInfo, creatorInfoSchema } from '../publishing/creator-info.ts';
import { demandDirectPost, demandDraft, demandVideoSource } from '../publishing/init-rules.ts';
import { directVideoSchema, inboxVideoSchema, photoSchema, type VideoSource } from '../publishing/init-schemas.ts';
import { demandPullable } from '../publishing/pull-rules.ts';
import type { Post } from '../state/posts.ts';
import { ApiFault } from '../wire/answers.ts';
import { apiEndpoint, demandScope, type Call } from '../wire/api-endpoint.ts';
import type { Json } from '../wire/json.ts';
import type { OpenApiPath } from '../wire/paths.ts';
import type { Env } from '../wire/serve.ts';
import type { World } from '../world.ts';

/** Posting: creator info and the three inits. */
export function publishRoutes(world: World): Hono<Env> {
  const app = new Hono<Env>();
  const limits = () => world.settings.current.limits;
  const initLimit = (path: OpenApiPath) => () => ({ counter: limits().shared_init ? 'init' : path, perMinute: limits().init });

  apiEndpoint(
    app,
    world,
    {
      method: 'POST',
      path: '/v2/post/publish/creator_info/query/',
      scopes: ['video.publish'],
      limit: () => ({ counter: 'creator_info', perMinute: limits().creator_info }),
    },
    (call) => {
      call.body(creatorInfoSchema);
      return creatorInfo(world, call.account, call.origin);
    },
  );

  const direct = '/v2/post/publish/video/init/';
  apiEndpoint(app, world, { method: 'POST', path: direct, scopes: ['video.publish'], limit: initLimit(direct) }, (call) => {
    const { post_info, source_info } = call.body(directVideoSchema);
    demandVideoSource(world, source_info);
    demandDirectPost(world, call.account, post_info);
    return videoAnswer(world, call, source_info, {
      mode: 'direct',
      caption: post_info.title ?? '',
      privacy_level: post_info.privacy_level ?? null,
      is_aigc: post_info.is_aigc ?? false,
    });
  });

  const inbox = '/v2/post/publish/inbox/video/init/';
  apiEndpoint(app, world, { method: 'POST', path: inbox, scopes: ['video.upload'], limit: initLimit(inbox) }, (call) => {
    const { source_info } = call.body(inboxVideoSchema);
    demandVideoSource(world, source_info);
    demandDraft(world, call.account);
    return videoAnswer(world, call, source_info, { mode: 'inbox', caption: '', privacy_level: null, is_aigc: false });
  });

  const photo = '/v2/post/publish/content/init/';
  apiEndpoint(app, world, { method: 'POST', path: photo, scopes: ['video.publish', 'video.upload'], limit: initLimit(photo) }, (call) => photoAnswer(world, call));
  return app;
}

function videoAnswer(world: World, call: Call, source: VideoSource, facts: Pick<Post, 'mode' | 'caption' | 'privacy_level' | 'is_aigc'>): Json {
  const isFile = source.source === 'FILE_UPLOAD';
  const post = createPost(world, {
    ...facts,
    account: call.account,
    kind: 'video',
    request: call.body(z.unknown()),
    plan: isFile ? source : null,
    urls: isFile ? [] : [source.video_url],
  });
  return { publish_id: post.publish_id, upload_url: post.upload ? uploadUrl(post.upload, call.origin) : undefined };
}

function photoAnswer(world: World, call: Call): Json {
  const body = call.body(photoSchema);
  const isDirect = body.post_mode === 'DIRECT_POST';
  demandScope(call.grant, [isDirect ? 'video.publish' : 'video.upload']);
  for (const url of body.source_info.photo_images) demandPullable(world, url);
  if (isDirect) demandDirectPost(world, call.account, body.post_info ?? {});
  else demandPhotoDraft(world, call);
  const post = createPost(world, {
    account: call.account,
    kind: 'photo',
    mode: isDirect ? 'direct' : 'inbox',
    caption: [body.post_info?.title, body.post_info?.description].filter(Boolean).join(' '),
    privacy_level: body.post_info?.privacy_level ?? null,
    is_aigc: body.is_aigc ?? false,
    request: call.body(z.unknown()),
    plan: null,
    urls: body.source_info.photo_images,
  });
  return { publish_id: post.publish_id };
}

function demandPhotoDraft(world: World, { account }: Call): void {
  if (!account.app_version_ok) throw new ApiFault(400, 'app_version_check_failed', 'The user’s TikTok app must be at least 31.8.', { data: 'absent' });
  demandDraft(world, account);
}
