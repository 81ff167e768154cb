import { createHash, randomBytes } from 'node:crypto';
import type { Account } from '../state/accounts.ts';
import type { Post, Upload } from '../state/posts.ts';
import type { World } from '../world.ts';
import type { Plan } from './chunk-rules.ts';

type NewPost = Pick<Post, 'account' | 'kind' | 'mode' | 'caption' | 'privacy_level' | 'is_aigc' | 'request'> & { plan: Plan | null; urls: readonly string[] };

/** Makes what a successful init makes; a pull begins at once. */
export function createPost(world: World, { plan, urls, ...rest }: NewPost): Post {
  const source = plan ? 'file' : 'url';
  const post: Post = {
    ...rest,
    publish_id: `${PREFIXES[`${rest.kind}_${rest.mode}_${source}`]}${world.ids.next()}`,
    source,
    created_ms: world.clock.now(),
    upload: plan && newUpload(world, plan),
    urls,
    order: world.orders.take(rest.account),
    videos: [],
    head: null,
    status: plan ? 'PROCESSING_UPLOAD' : 'PROCESSING_DOWNLOAD',
    fail_reason: null,
    downloaded_bytes: 0,
    post_ids: [],
    stop: null,
  };
  world.posts.add(post);
  if (!plan) world.life.pull(post);
  return post;
}

/** As observed; drafts of photos bear the same one as direct posts. */
const PREFIXES: Record<`${Post['kind']}_${Post['mode']}_${Post['source']}`, string> = {
  video_direct_file: 'v_pub_file~v2-1.',
  video_direct_url: 'v_pub_url~v2.',
  video_inbox_file: 'v_inbox_file~v2.',
  video_inbox_url: 'v_inbox_url~v2.',
  photo_direct_url: 'p_pub_url~v2.',
  photo_inbox_url: 'p_pub_url~v2.',
  photo_direct_file: 'p_pub_file~v2.',
  photo_inbox_file: 'p_pub_file~v2.',
};

const newUpload = (world: World, { video_size, chunk_size, total_chunk_count }: Plan): Upload => ({
  id: String(world.ids.next()),
  token: randomBytes(16).toString('hex'),
  size: video_size,
  chunk_size,
  chunk_count: total_chunk_count,
  expires_ms: world.clock.now() + world.settings.current.timings.upload_url_ms,
  uploaded: 0,
  content_type: null,
  hash: world.settings.current.behaviour.sha256 ? createHash('sha256') : null,
  puts: [],
});

/** Whoever has it can upload. */
export const uploadUrl = ({ id, token }: Upload, origin: string): string => `${origin}/upload/?upload_id=${id}&upload_token=${token}`;

/** What comes next for an account's posts, as the control API ordered it. */
export interface Orders {
  add(account: Account, order: Post['order'], times: number): void;
  take(account: Account): Post['order'];
  reset(): void;
}

const NOTHING_ORDERED: Post['order'] = { fail_reason: null, withhold_post_id: false, processing_ms: null, moderation_ms: undefined };

export function createOrders(): Orders {
  const waiting = new Map<string, { order: Post['order']; left: number }[]>();
  return {
    add: (account, order, times) => void waiting.set(account.username, [...(waiting.get(account.username) ?? []).slice(-99), { order, left: times }]),
    take: ({ username }) => {
      const [next, ...rest] = waiting.get(username) ?? [];
      if (!next) return { ...NOTHING_ORDERED };
      next.left -= 1;
      if (next.left === 0) waiting.set(username, rest);
      return { ...next.order };
    },
    reset: () => waiting.clear(),
  };
}
