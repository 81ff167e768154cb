import type { OpenApiFailure } from '../../domain/contracts/open-api.ts';
import { FEATURE_OF_SCOPE } from '../../domain/contracts/social-account.ts';
import type { Caller } from './caller.ts';
import type { OpenApiClient } from './client.ts';
import { userSchema, VIDEO_FIELDS, videoListSchema, videoPageSchema } from './schemas.ts';

type DisplayCalls = Pick<OpenApiClient, 'userInfo' | 'listVideos' | 'queryVideos'>;

const MAX_PAGE = 20;

/** Fields of a user by the scope that each needs: https://developers.tiktok.com/doc/tiktok-api-v2-get-user-info. */
const USER_FIELDS: readonly (readonly [scope: string, fields: readonly string[]])[] = [
  ['user.info.basic', ['open_id', 'union_id', 'avatar_url', 'display_name']],
  ['user.info.profile', ['profile_deep_link', 'username', 'is_verified']],
  ['user.info.stats', ['follower_count', 'following_count', 'likes_count', 'video_count']],
];

const NO_BASIC_SCOPE: OpenApiFailure = {
  ok: false,
  code: 'scope_missing',
  reason: `The account was connected without user.info.basic (${FEATURE_OF_SCOPE['user.info.basic']}).`,
  tiktok_code: null,
  definite: true,
  retryable: false,
  retry_after_ms: null,
};

/** https://developers.tiktok.com/doc/display-api-get-started */
export function createDisplayCalls(call: Caller): DisplayCalls {
  const videosPath = (route: 'list' | 'query'): string => `/v2/video/${route}/?fields=${VIDEO_FIELDS}`;
  return {
    async userInfo(access_token, scopes, signal) {
      if (!scopes.includes('user.info.basic')) return NO_BASIC_SCOPE;
      const fields = USER_FIELDS.filter(([scope]) => scopes.includes(scope)).flatMap(([, names]) => names);
      return call({ kind: 'get', path: `/v2/user/info/?fields=${fields.join(',')}`, access_token, schema: userSchema, signal });
    },
    listVideos: (access_token, { cursor, max_count = MAX_PAGE }, signal) => {
      const json = { max_count: Math.min(max_count, MAX_PAGE), ...(cursor === undefined ? {} : { cursor }) };
      return call({ kind: 'post', path: videosPath('list'), access_token, json, schema: videoPageSchema, signal });
    },
    async queryVideos(access_token, ids, signal) {
      if (ids.length > MAX_PAGE) throw new RangeError(`TikTok answers for ${MAX_PAGE} videos at once, not for ${ids.length}.`);
      if (ids.length === 0) return { ok: true, value: [] };
      return call({ kind: 'post', path: videosPath('query'), access_token, json: { filters: { video_ids: ids } }, schema: videoListSchema, signal });
    },
  };
}
