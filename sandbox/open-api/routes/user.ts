import { Hono } from 'hono';
import type { Scope } from '../state/settings-schema.ts';
import { ApiFault } from '../wire/answers.ts';
import { apiEndpoint, fieldsOf, type Call } from '../wire/api-endpoint.ts';
import type { Json } from '../wire/json.ts';
import type { Env } from '../wire/serve.ts';
import type { World } from '../world.ts';

const SCOPE_OF_FIELD: Readonly<Record<string, Scope>> = {
  open_id: 'user.info.basic',
  union_id: 'user.info.basic',
  avatar_url: 'user.info.basic',
  avatar_url_100: 'user.info.basic',
  avatar_large_url: 'user.info.basic',
  display_name: 'user.info.basic',
  bio_description: 'user.info.profile',
  profile_deep_link: 'user.info.profile',
  username: 'user.info.profile',
  is_verified: 'user.info.profile',
  follower_count: 'user.info.stats',
  following_count: 'user.info.stats',
  likes_count: 'user.info.stats',
  video_count: 'user.info.stats',
};
const KNOWN_FIELDS = new Set(Object.keys(SCOPE_OF_FIELD));

/** GET /v2/user/info/: https://developers.tiktok.com/doc/tiktok-api-v2-get-user-info */
export function userRoutes(world: World): Hono<Env> {
  const app = new Hono<Env>();
  const limit = () => ({ counter: 'user_info', perMinute: world.settings.current.limits.user_info });
  apiEndpoint(app, world, { method: 'GET', path: '/v2/user/info/', scopes: ['user.info.basic', 'user.info.profile', 'user.info.stats'], limit }, (call) => {
    const fields = fieldsOf(call, KNOWN_FIELDS);
    const outside = fields.find((field) => !call.grant.scopes.includes(SCOPE_OF_FIELD[field] ?? ''));
    if (outside !== undefined) throw fieldScopeFault(world);
    const all = userFields(world, call);
    return { user: Object.fromEntries(fields.map((field) => [field, all[field]])) };
  });
  return app;
}

/** The documentation and the servers disagree. */
const fieldScopeFault = (world: World): ApiFault =>
  world.settings.current.behaviour.field_scope_error === 'scope_permission_missed'
    ? new ApiFault(400, 'scope_permission_missed', 'Scope permission is missed for the requested fields.')
    : new ApiFault(401, 'scope_not_authorized', 'The user did not authorize the scope required for completing this request.');

function userFields(world: World, { account, origin }: Call): Record<string, Json> {
  const grown = world.videos.totals(account);
  const avatar = `${origin}/open-api-assets/avatar/${encodeURIComponent(account.username)}.svg`;
  return {
    ...account,
    avatar_url: avatar,
    avatar_url_100: avatar,
    avatar_large_url: avatar,
    profile_deep_link: `https://www.tiktok.com/@${account.username}`,
    follower_count: account.follower_count + grown.followers,
    likes_count: account.likes_count + grown.likes,
    video_count: account.video_count + grown.videos,
  };
}
