import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { AccountCalls } from '../../activities/accounts/account-calls.ts';
import type { ChunkAnswer, CreatorInfo, InitAnswer, InitRequest, OpenApiResult, PublishStatus, TikTokVideo } from '../../domain/contracts/open-api.ts';
import type { OpenApiClient } from '../../tiktok/open-api/client.ts';
import { failureOf } from './fake-tiktok.ts';

/** A post as the fake TikTok has it. */
export interface FakePost {
  publish_id: string;
  request: InitRequest;
  size: number;
  uploaded: number;
  chunks: number;
  /** What status tells once all bytes are in, each once, the last one for good. */
  statuses: Partial<PublishStatus>[];
  cancelled: boolean;
}

type Acts = {
  creatorInfo: OpenApiResult<CreatorInfo>;
  init: OpenApiResult<InitAnswer>;
  uploadChunk: OpenApiResult<ChunkAnswer>;
  status: OpenApiResult<PublishStatus>;
  cancel: OpenApiResult<null>;
  listVideos: OpenApiResult<{ videos: TikTokVideo[]; cursor: number | null; has_more: boolean }>;
};
/** Stands between a call and what the fake would do: calls `act`, or not, and says what the caller hears. */
export type Twist<N extends keyof Acts> = (act: () => Promise<Acts[N]>) => Promise<Acts[N]>;

export interface FakePublishing extends OpenApiClient {
  posts: FakePost[];
  /** For the next calls, each in its turn. */
  twists: { [N in keyof Acts]: Twist<N>[] };
  called: Record<keyof Acts, number>;
  creator: CreatorInfo;
  /** Of the posts to come, once they are whole. */
  statuses: Partial<PublishStatus>[];
  videos: TikTokVideo[];
  /** Posts that became public, or will. */
  published(): FakePost[];
  calls: AccountCalls;
  /** The next call with a token is told that it was refreshed on the way. */
  tokenDies: boolean;
  reset(): void;
}

export const noAnswer = failureOf({ code: 'tiktok_unreachable', reason: 'The connection to TikTok broke: read ECONNRESET.', tiktok_code: null });
export const POST_ID = '7412345678901234567';
const COMPLETE: Partial<PublishStatus> = { status: 'PUBLISH_COMPLETE', post_ids: [POST_ID] };

/** The publishing half of TikTok, in memory; what goes wrong is up to the test. */
export function createFakePublishing(): FakePublishing {
  const notUsed = (): Promise<never> => Promise.reject(new Error('not part of this test'));
  const byId = (id: string): FakePost | undefined => fake.posts.find(({ publish_id }) => publish_id === id);
  const twisted = async <N extends keyof Acts>(name: N, act: () => Promise<Acts[N]>): Promise<Acts[N]> => {
    fake.called[name] += 1;
    const twist = fake.twists[name].shift() as Twist<N> | undefined;
    return twist ? twist(act) : act();
  };
  const unknown = failureOf({ code: 'tiktok_invalid_publish_id', reason: 'invalid_publish_id', tiktok_code: 'invalid_publish_id', definite: true, retryable: false });

  const fake: FakePublishing = {
    posts: [],
    twists: noTwists(),
    called: noCalls(),
    creator: creatorInfo(),
    statuses: [COMPLETE],
    videos: [],
    tokenDies: false,
    published: () => fake.posts.filter((post) => isWhole(post) && !post.cancelled && post.statuses.at(-1)?.status === 'PUBLISH_COMPLETE'),
    reset() {
      Object.assign(fake, { posts: [], twists: noTwists(), called: noCalls(), creator: creatorInfo(), statuses: [COMPLETE], videos: [], tokenDies: false });
    },
    calls: {
      async withToken(id, { onRefreshed }, call) {
        if (fake.tokenDies) {
          fake.tokenDies = false;
          await onRefreshed?.();
        }
        return call('act.fake', { id, open_id: 'open', username: 'ada', scopes: [] });
      },
    },
    creatorInfo: () => twisted('creatorInfo', async () => ({ ok: true, value: fake.creator })),
    init: (_token, request) =>
      twisted('init', async () => {
        const publish_id = `v_pub~v2-1.${randomBytes(8).toString('hex')}`;
        const size = request.route !== 'photo' && request.source.kind === 'file' ? request.source.plan.video_size : 0;
        fake.posts.push({ publish_id, request, size, uploaded: 0, chunks: 0, statuses: [...fake.statuses], cancelled: false });
        return { ok: true, value: { publish_id, upload_url: size > 0 ? `https://open-upload.tiktokapis.com/video/?upload_id=${publish_id}` : null } };
      }),
    async uploadChunk({ upload_url, first, last, body }, signal) {
      const bytes = await drain(body);
      const answer = twisted('uploadChunk', async () => {
        const post = byId(new URL(upload_url).searchParams.get('upload_id') ?? '');
        if (!post) return { ok: true, value: { kind: 'dead', reason: 'TikTok does not know this upload.' } };
        if (bytes !== last - first + 1) return failureOf({ code: 'tiktok_invalid_params', reason: 'length', retryable: false, definite: true });
        if (first !== post.uploaded) return { ok: true, value: { kind: 'mismatch', uploaded_bytes: post.uploaded } };
        post.uploaded = last + 1;
        post.chunks += 1;
        return { ok: true, value: { kind: isWhole(post) ? 'complete' : 'stored' } };
      });
      return Promise.race([answer, new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true }))]);
    },
    status: (_token, publishId) =>
      twisted('status', async () => {
        const post = byId(publishId);
        if (!post) return unknown;
        const told = post.cancelled ? { status: 'FAILED', fail_reason: 'publish_cancelled' } : isWhole(post) ? nextOf(post.statuses) : { status: 'PROCESSING_UPLOAD', uploaded_bytes: post.uploaded || null };
        return { ok: true, value: { status: 'PROCESSING_UPLOAD', fail_reason: null, post_ids: [], uploaded_bytes: null, downloaded_bytes: null, ...told } };
      }),
    cancel: (_token, publishId) =>
      twisted('cancel', async () => {
        const post = byId(publishId);
        if (!post) return unknown;
        if (post.statuses.length === 1 && isWhole(post) && post.statuses[0]!.status === 'PUBLISH_COMPLETE') {
          return failureOf({ code: 'tiktok_not_cancellable', reason: 'publish_not_cancellable', tiktok_code: 'publish_not_cancellable', definite: true, retryable: false });
        }
        post.cancelled = true;
        return { ok: true, value: null };
      }),
    listVideos: () => twisted('listVideos', async () => ({ ok: true, value: { videos: fake.videos, cursor: null, has_more: false } })),
    exchangeCode: notUsed,
    refresh: notUsed,
    revoke: notUsed,
    userInfo: notUsed,
    queryVideos: notUsed,
    close: () => Promise.resolve(),
  };
  return fake;
}

const isWhole = ({ uploaded, size }: FakePost): boolean => uploaded === size;
const nextOf = (statuses: Partial<PublishStatus>[]): Partial<PublishStatus> => (statuses.length > 1 ? statuses.shift()! : statuses[0]!);

const noTwists = (): FakePublishing['twists'] => ({ creatorInfo: [], init: [], uploadChunk: [], status: [], cancel: [], listVideos: [] });
const noCalls = (): FakePublishing['called'] => ({ creatorInfo: 0, init: 0, uploadChunk: 0, status: 0, cancel: 0, listVideos: 0 });

const creatorInfo = (): CreatorInfo => ({
  nickname: 'Ada',
  username: 'ada',
  avatar_url: '',
  privacy_level_options: ['PUBLIC_TO_EVERYONE', 'SELF_ONLY'],
  comment_disabled: false,
  duet_disabled: false,
  stitch_disabled: false,
  max_video_post_duration_s: 300,
});

export const videoOf = (over: Partial<TikTokVideo>): TikTokVideo => ({
  id: POST_ID,
  create_time: Math.floor(Date.now() / 1_000),
  title: '',
  video_description: '',
  share_url: null,
  cover_image_url: null,
  view_count: 0,
  like_count: 0,
  comment_count: 0,
  share_count: 0,
  ...over,
});

async function drain(body: Readable): Promise<number> {
  let bytes = 0;
  for await (const part of body) bytes += (part as Buffer).length;
  return bytes;
}

/** Acted upon, and the answer lost. */
export const lost = async (act: () => Promise<unknown>): Promise<typeof noAnswer> => {
  await act();
  return noAnswer;
};
