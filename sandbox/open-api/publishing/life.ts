import type { Account } from '../state/accounts.ts';
import type { Post } from '../state/posts.ts';
import type { Video } from '../state/videos.ts';
import type { World } from '../world.ts';
import { isVideo } from './media-format.ts';
import { pullPhotos, pullVideo } from './pull.ts';

/** What happens to a post after its init: https://developers.tiktok.com/doc/content-posting-api-reference-get-video-status */
export interface Life {
  /** All bytes are in. */
  process(post: Post): void;
  pull(post: Post): void;
  /** No effect on a post that has ended. */
  fail(post: Post, reason: string): void;
  /** The creator posts a draft; once more for each post that is made of it. */
  postDraft(post: Post, privacyLevel: string): Video;
  /** Moderation lets a post through that it held back, or that was ordered to stay without its id. */
  release(post: Post): void;
  /** Everybody may see it no longer. */
  hide(video: Video, how: 'deleted' | 'private'): void;
  /** Ends every consent of an account. @returns whether there was one */
  disconnect(account: Account, reason: number): boolean;
}

const ENDED: readonly string[] = ['PUBLISH_COMPLETE', 'FAILED'];
const publishType = (post: Post): string => (post.mode === 'inbox' ? 'INBOX_SHARE' : 'DIRECT_PUBLISH');

export function createLife(world: World): Life {
  const after = (ms: number, run: () => void): void => void world.clock.at(world.clock.now() + ms, run);
  const tell = (post: Post, event: string, content: object): void =>
    void world.webhooks.send(event, post.account, { publish_id: post.publish_id, ...content, publish_type: publishType(post) });

  const fail = (post: Post, reason: string): void => {
    if (ENDED.includes(post.status)) return;
    post.status = 'FAILED';
    post.fail_reason = reason;
    post.stop?.();
    tell(post, 'post.publish.failed', { reason });
  };

  const approve = (post: Post, video: Video): void => {
    if (video.is_deleted) return;
    video.is_listed = true;
    if (post.order.withhold_post_id || post.post_ids.includes(video.id)) return;
    post.post_ids.push(video.id);
    tell(post, 'post.publish.publicly_available', { post_id: video.id });
  };

  const publish = (post: Post, privacyLevel: string): Video => {
    const video = world.videos.add({
      account: post.account,
      publish_id: post.publish_id,
      caption: post.caption,
      is_aigc: post.is_aigc,
      is_photo: post.kind === 'photo',
      privacy_level: privacyLevel,
    });
    post.videos.push(video);
    post.status = 'PUBLISH_COMPLETE';
    tell(post, 'post.publish.complete', {});
    const { moderation_ms } = post.order;
    const held = moderation_ms === undefined ? world.settings.current.timings.moderation_ms : moderation_ms;
    if (privacyLevel === 'PUBLIC_TO_EVERYONE' && held !== null) after(held, () => approve(post, video));
    return video;
  };

  const settle = (post: Post): void => {
    if (ENDED.includes(post.status)) return;
    const formatFault = world.settings.current.behaviour.check_format && post.kind === 'video' && !isVideo(post.head ?? Buffer.alloc(0));
    const reason = post.order.fail_reason ?? (formatFault ? 'file_format_check_failed' : null);
    if (reason !== null) return fail(post, reason);
    if (post.mode === 'direct') return void publish(post, post.privacy_level ?? 'SELF_ONLY');
    post.status = 'SEND_TO_USER_INBOX';
    tell(post, 'post.publish.inbox_delivered', {});
    const { inbox_post_ms } = world.settings.current.timings;
    if (inbox_post_ms !== null) after(inbox_post_ms, () => post.status === 'SEND_TO_USER_INBOX' && publish(post, 'PUBLIC_TO_EVERYONE'));
  };

  const process = (post: Post): void => after(post.order.processing_ms ?? world.settings.current.timings.processing_ms, () => settle(post));

  return {
    process,
    fail,
    pull: (post) => {
      const stop = new AbortController();
      post.stop = () => stop.abort();
      const { pull_delay_ms, pull_timeout_ms } = world.settings.current.timings;
      const run = post.kind === 'video' ? pullVideo : pullPhotos;
      after(pull_delay_ms, () => {
        if (ENDED.includes(post.status)) return;
        void run(post, AbortSignal.any([stop.signal, AbortSignal.timeout(pull_timeout_ms)])).then((reason) => (reason === null ? process(post) : fail(post, reason)));
      });
    },
    postDraft: publish,
    release: (post) => {
      post.order.withhold_post_id = false;
      for (const video of post.videos) if (video.privacy_level === 'PUBLIC_TO_EVERYONE') approve(post, video);
    },
    hide: (video, how) => {
      const wasListed = video.is_listed && !video.is_deleted;
      if (how === 'deleted') video.is_deleted = true;
      else Object.assign(video, { privacy_level: 'SELF_ONLY', is_listed: false });
      const post = video.publish_id === null ? undefined : world.posts.byId(video.publish_id);
      if (!post || !wasListed) return;
      post.post_ids = post.post_ids.filter((id) => id !== video.id);
      tell(post, 'post.publish.no_longer_publicaly_available', { post_id: video.id });
    },
    disconnect: (account, reason) => {
      const had = world.grants.revoke(account);
      for (const post of world.posts.all()) if (post.account === account && post.status.startsWith('PROCESSING')) fail(post, 'auth_removed');
      if (had) world.webhooks.send('authorization.removed', account, { reason });
      return had;
    },
  };
}
