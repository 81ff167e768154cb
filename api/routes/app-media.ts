import { text } from 'node:stream/consumers';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { findServedVideo, findSoundFile, type ServedVideo } from '../../db/served-video.repository.ts';
import { readToken } from '../../db/signed-token.ts';
import { VIDEO_FILES, videoFileKey, type VideoFile } from '../../domain/contracts/video.ts';
import { withQuery } from '../../domain/social/playlist.ts';
import { createRouter, type AppEnv, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { answerFile } from '../file-answer.ts';
import { apiRoute } from '../route.ts';
import { idParam } from '../schemas/common.ts';

const tags = ['Social app'];
const bytes = (type: string) => ({ [type]: { schema: { type: 'string' as const, example: '(bytes)' } } });

const videoFile = apiRoute({
  method: 'get',
  path: '/app-media/videos/{id}/{file}',
  access: 'public',
  tags,
  summary: 'A file of a video of the app: playlist, segments, thumbnail',
  description:
    'HLS with fragmented MP4; `Video.video` of the verbs is its master.m3u8. What is public is for everybody; anything else needs the token that stands in the URLs of those who may see it, which lasts PLAY_URL_TTL_S. Ranges, If-Range, If-None-Match and HEAD as players use them.',
  request: { params: idParam.extend({ file: z.enum(VIDEO_FILES) }), query: z.object({ token: z.string().max(4_000).optional() }) },
  responses: {
    200: { description: 'The file.', content: { ...bytes('application/vnd.apple.mpegurl'), ...bytes('video/mp4'), ...bytes('image/jpeg') } },
    206: { description: 'The range.' },
    304: { description: 'As it was.' },
    416: { description: 'There is no such range; Content-Range says how long it is.' },
  },
});

const soundFile = apiRoute({
  method: 'get',
  path: '/app-media/sounds/{id}/audio.m4a',
  access: 'public',
  tags,
  summary: 'A sound of the app',
  description: 'AAC in MP4; ranges as players use them.',
  request: { params: idParam },
  responses: { 200: { description: 'The file.', content: bytes('audio/mp4') }, 206: { description: 'The range.' } },
});

const CONTENT_TYPES: Readonly<Record<string, string>> = { m3u8: 'application/vnd.apple.mpegurl', m4s: 'video/mp4', jpg: 'image/jpeg' };
/** A file never changes; but what was deleted must not be shown from caches for days. */
const MAX_AGE_S = 3_600;
const OPEN = `public, max-age=${MAX_AGE_S}`;
const CLOSED = `private, max-age=${MAX_AGE_S}`;

/** Videos and sounds of the app as players fetch them. */
export function appMediaRoutes({ db, media, config }: ApiDeps): Router {
  return createRouter()
    .openapi(videoFile, async (c) => {
      const { id, file } = c.req.valid('param');
      const { token } = c.req.valid('query');
      const video = await requireServed(id, token);
      const facts = { key: videoFileKey(id, file), content_type: CONTENT_TYPES[file.split('.')[1]!]!, caching: video.is_open ? OPEN : CLOSED };
      return (video.is_open || !file.endsWith('.m3u8') ? answerFile(c, media, facts) : closedPlaylist(c, id, file, token!)) as never;
    })
    .openapi(soundFile, async (c) => {
      const key = await findSoundFile(db, c.req.valid('param').id);
      if (key === null) throw new ApiError('not_found', { detail: 'no such sound' });
      return answerFile(c, media, { key, content_type: 'audio/mp4', caching: OPEN }) as never;
    });

  /** @throws ApiError not_found to whoever may not see it; token_expired where they might once */
  async function requireServed(id: string, token: string | undefined): Promise<ServedVideo> {
    const video = await findServedVideo(db, id);
    if (!video) throw new ApiError('not_found', { detail: 'no such video' });
    if (video.is_open) return video;
    const read = token ? await readToken('play', token, config.jwtSecret) : null;
    if (read?.ok && read.subject === id) return video;
    if (read?.ok === false && read.reason === 'expired') throw new ApiError('token_expired', { reason: 'expired', detail: 'ask for the video again: its URLs come with a new token' });
    throw new ApiError('not_found', { detail: 'no such video' });
  }

  /** Its files are asked for with the token with which it was. */
  async function closedPlaylist(c: Context<AppEnv>, id: string, file: VideoFile, token: string): Promise<Response> {
    const key = videoFileKey(id, file);
    const stored = await media.stat(key);
    if (!stored) throw new ApiError('not_found', { detail: 'the file is gone' });
    const playlist = await text(await media.read(key, 0, stored.size_bytes - 1));
    // Not kept: the token in it ends.
    return c.body(withQuery(playlist, `token=${encodeURIComponent(token)}`), 200, { 'Content-Type': CONTENT_TYPES.m3u8!, 'Cache-Control': 'no-store' });
  }
}
