import { Hono } from 'hono';
import { z } from 'zod';
import type { Video } from '../state/videos.ts';
import { apiEndpoint, fieldsOf, type Call } from '../wire/api-endpoint.ts';
import type { Json } from '../wire/json.ts';
import type { Env } from '../wire/serve.ts';
import type { World } from '../world.ts';

const DEFAULT_PAGE = 10;
const MAX_PAGE = 20;
/** Captions may be longer; here they are cut. */
const MAX_TEXT = 150;

const FIELDS = new Set([
  'id',
  'create_time',
  'cover_image_url',
  'share_url',
  'embed_link',
  'embed_html',
  'video_description',
  'title',
  'duration',
  'height',
  'width',
  'like_count',
  'comment_count',
  'share_count',
  'view_count',
  'is_aigc',
]);

const listSchema = z.object({ cursor: z.number().int().min(0).nullish(), max_count: z.number().int().min(1).max(MAX_PAGE).nullish() });
const querySchema = z.object({ filters: z.object({ video_ids: z.array(z.string().min(1).max(30)).min(1).max(MAX_PAGE) }) });

/** The creator's own public videos. Both are POSTs with their `fields` in the query. */
export function videoRoutes(world: World): Hono<Env> {
  const app = new Hono<Env>();
  const limits = () => world.settings.current.limits;
  apiEndpoint(
    app,
    world,
    { method: 'POST', path: '/v2/video/list/', scopes: ['video.list'], limit: () => ({ counter: 'video_list', perMinute: limits().video_list }) },
    (call) => {
      const fields = fieldsOf(call, FIELDS);
      const { cursor, max_count } = call.body(listSchema);
      // Absent or 0: from the newest on.
      const older = world.videos.listed(call.account).filter((video) => !cursor || video.created_ms < cursor);
      const page = older.slice(0, max_count ?? DEFAULT_PAGE);
      return {
        videos: page.map((video) => picked(world, call, video, fields)),
        cursor: page.at(-1)?.created_ms ?? cursor ?? 0,
        has_more: older.length > page.length,
      };
    },
  );
  apiEndpoint(
    app,
    world,
    { method: 'POST', path: '/v2/video/query/', scopes: ['video.list'], limit: () => ({ counter: 'video_query', perMinute: limits().video_query }) },
    (call) => {
      const fields = fieldsOf(call, FIELDS);
      const wanted = new Set(call.body(querySchema).filters.video_ids);
      return { videos: world.videos.listed(call.account).filter(({ id }) => wanted.has(id)).map((video) => picked(world, call, video, fields)) };
    },
  );
  return app;
}

const picked = (world: World, call: Call, video: Video, fields: readonly string[]): Json => {
  const all = videoFields(world, call, video);
  return Object.fromEntries(fields.map((field) => [field, all[field]]));
};

function videoFields(world: World, { account, origin }: Call, video: Video): Record<string, Json> {
  const campaign = `utm_campaign=tt4d_open_api&utm_source=${world.settings.current.app.client_key}`;
  const embed = `https://www.tiktok.com/static/profile-video?id=${video.id}&hide_author=1&${campaign}`;
  return {
    id: video.id,
    create_time: Math.floor(video.created_ms / 1_000),
    cover_image_url: `${origin}/open-api-assets/cover/${video.id}.svg`,
    share_url: `https://www.tiktok.com/@${account.username}/video/${video.id}?${campaign}`,
    embed_link: embed,
    embed_html: `<iframe src="${embed.replaceAll('&', '&amp;')}"></iframe>`,
    video_description: cut(video.caption),
    title: cut(video.caption),
    duration: video.is_photo ? 0 : 15,
    height: 1_920,
    width: 1_080,
    is_aigc: video.is_aigc,
    ...world.videos.statsOf(video),
  };
}

const cut = (text: string): string => [...text].slice(0, MAX_TEXT).join('');
