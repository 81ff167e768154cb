import type { Account } from '../state/accounts.ts';
import type { Post } from '../state/posts.ts';
import type { Video } from '../state/videos.ts';
import type { World } from '../world.ts';
import { directPosts, pendingShares } from '../publishing/caps.ts';

/** What the control API shows. Post ids are strings here. */
export const accountState = (world: World, account: Account) => ({
  ...account,
  direct_posts_24h: directPosts(world, account),
  pending_shares_24h: pendingShares(world, account),
  counts: world.journal.of(account.username),
});

export const postState = (post: Post) => ({
  publish_id: post.publish_id,
  username: post.account.username,
  kind: post.kind,
  mode: post.mode,
  source: post.source,
  created_ms: post.created_ms,
  caption: post.caption,
  privacy_level: post.privacy_level,
  request: post.request,
  status: post.status,
  fail_reason: post.fail_reason,
  post_ids: post.post_ids,
  video_ids: post.videos.map(({ id }) => id),
  downloaded_bytes: post.downloaded_bytes,
  upload: post.upload && {
    size: post.upload.size,
    chunk_size: post.upload.chunk_size,
    chunk_count: post.upload.chunk_count,
    uploaded: post.upload.uploaded,
    expires_ms: post.upload.expires_ms,
    content_type: post.upload.content_type,
    /** Of the chunks so far; null unless behaviour.sha256 was on at its init. */
    sha256: post.upload.hash?.copy().digest('hex') ?? null,
    puts: post.upload.puts,
  },
});

export const videoState = (world: World, video: Video) => ({
  id: video.id,
  username: video.account.username,
  publish_id: video.publish_id,
  created_ms: video.created_ms,
  caption: video.caption,
  privacy_level: video.privacy_level,
  is_listed: video.is_listed && !video.is_deleted,
  is_deleted: video.is_deleted,
  stats: world.videos.statsOf(video),
});
