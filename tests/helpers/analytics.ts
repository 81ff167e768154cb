import type { AccountCalls } from '../../activities/accounts/account-calls.ts';
import type { Db } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import type { NewRow } from '../../db/schema.ts';
import type { OpenApiFailure, OpenApiResult, TikTokUser, TikTokVideo } from '../../domain/contracts/open-api.ts';
import { TIKTOK_SCOPES } from '../../domain/contracts/social-account.ts';
import type { OpenApiClient } from '../../tiktok/open-api/client.ts';

/** A connected account, straight in the table. */
export async function seedAccount(db: Db, workspace_id: string, over: Partial<NewRow<'social_accounts'>> = {}): Promise<string> {
  const id = newId();
  await db
    .insertInto('social_accounts')
    .values({ id, workspace_id, open_id: `open-${id}`, scopes: [...TIKTOK_SCOPES], state: 'connected', access_token: 'sealed', refresh_token: 'sealed', ...over })
    .execute();
  return id;
}

/** A published post with TikTok's ids, straight in the table. */
export async function seedPublishedPost(
  db: Db,
  account: { workspace_id: string; social_account_id: string },
  videoIds: string[],
  over: Partial<NewRow<'posts'>> & { caption?: string; privacy_level?: string } = {},
): Promise<string> {
  const id = newId();
  const { caption = 'A caption', privacy_level = 'PUBLIC_TO_EVERYONE', ...columns } = over;
  await db
    .insertInto('posts')
    .values({
      id,
      ...account,
      group_id: newId(),
      kind: 'video',
      mode: 'direct',
      source: 'url',
      video_url: 'https://example.com/clip.mp4',
      content: JSON.stringify({ caption, privacy_level }),
      state: 'published',
      tiktok_post_ids: videoIds,
      published_at: new Date(),
      updated_at: new Date(),
      ...columns,
    })
    .execute();
  return id;
}

let lastVideo = 0;
export const newVideoId = (): string => `74${String(Date.now())}${String((lastVideo += 1)).padStart(4, '0')}`;

export const failure = (over: Partial<OpenApiFailure> = {}): OpenApiFailure => ({
  ok: false,
  code: 'tiktok_unreachable',
  reason: 'TikTok does not answer.',
  tiktok_code: null,
  definite: false,
  retryable: true,
  retry_after_ms: 10,
  ...over,
});

/** TikTok's numbers, in memory. */
export interface FakeNumbers {
  tiktok: Pick<OpenApiClient, 'userInfo' | 'queryVideos'>;
  calls: AccountCalls;
  /** By id; what is not here TikTok does not return. */
  videos: Map<string, { view_count: number; like_count: number; comment_count: number; share_count: number }>;
  followers: number;
  /** Ids of each /video/query, in order. */
  queries: string[][];
  userInfoCalls: number;
  /** Answers that come first, in order: a failure, or null for the true answer. */
  failures: (OpenApiFailure | null)[];
}

export function fakeNumbers(): FakeNumbers {
  const true_or_failed = <T>(value: () => T): OpenApiResult<T> => fake.failures.shift() ?? { ok: true, value: value() };
  const fake: FakeNumbers = {
    videos: new Map(),
    followers: 1_000,
    queries: [],
    userInfoCalls: 0,
    failures: [],
    calls: {
      withToken: (id, _options, call) => call('act.fake', { id, open_id: 'open', username: null, scopes: [...TIKTOK_SCOPES] }),
    },
    tiktok: {
      userInfo() {
        fake.userInfoCalls += 1;
        return Promise.resolve({ ok: true, value: userOf(fake.followers) });
      },
      queryVideos(_token, ids) {
        fake.queries.push([...ids]);
        return Promise.resolve(true_or_failed(() => ids.flatMap((id) => videoOf(id, fake.videos.get(id)))));
      },
    },
  };
  return fake;
}

const userOf = (follower_count: number): TikTokUser => ({
  open_id: 'open',
  union_id: null,
  display_name: null,
  avatar_url: null,
  username: null,
  profile_deep_link: null,
  is_verified: null,
  follower_count,
  following_count: 3,
  likes_count: 9,
  video_count: 1,
});

const videoOf = (id: string, counts?: Pick<TikTokVideo, 'view_count' | 'like_count' | 'comment_count' | 'share_count'>): TikTokVideo[] =>
  counts ? [{ id, create_time: 0, title: '', video_description: '', share_url: null, cover_image_url: null, ...counts }] : [];
