import type { Hash } from 'node:crypto';
import type { Account } from './accounts.ts';
import { BoundedMap } from './bounded-map.ts';
import type { Video } from './videos.ts';

const MAX_POSTS = 20_000;

export type PublishStatus = 'PROCESSING_UPLOAD' | 'PROCESSING_DOWNLOAD' | 'SEND_TO_USER_INBOX' | 'PUBLISH_COMPLETE' | 'FAILED';

/** A file on its way in, chunk by chunk. */
export interface Upload {
  readonly id: string;
  readonly token: string;
  readonly size: number;
  readonly chunk_size: number;
  readonly chunk_count: number;
  expires_ms: number;
  /** Whole chunks only: what a broken connection had brought of one is gone. */
  uploaded: number;
  content_type: string | null;
  hash: Hash | null;
  /** Every PUT, for tests. */
  puts: { at_ms: number; chunk: number | null; range: string | null; status: number | null; bytes: number }[];
}

/** What was ordered for this one post by the control API. */
export interface PostOrder {
  fail_reason: string | null;
  withhold_post_id: boolean;
  processing_ms: number | null;
  /** undefined: as the settings say; null: never. */
  moderation_ms: number | null | undefined;
}

/** One successful init, and what became of it. */
export interface Post {
  readonly publish_id: string;
  readonly account: Account;
  readonly kind: 'video' | 'photo';
  readonly mode: 'direct' | 'inbox';
  readonly source: 'file' | 'url';
  readonly created_ms: number;
  readonly caption: string;
  readonly privacy_level: string | null;
  readonly is_aigc: boolean;
  /** The body of the init as it came in. */
  readonly request: unknown;
  readonly upload: Upload | null;
  readonly urls: readonly string[];
  readonly order: PostOrder;
  readonly videos: Video[];
  /** The first bytes of the file. */
  head: Buffer | null;
  status: PublishStatus;
  fail_reason: string | null;
  downloaded_bytes: number;
  /** Ids that the status tells. */
  post_ids: string[];
  /** Stops a pull. */
  stop: (() => void) | null;
}

export interface Posts {
  add(post: Post): void;
  byId(publishId: string): Post | undefined;
  byUpload(uploadId: string): Post | undefined;
  all(): Post[];
  reset(): void;
}

export function createPosts(): Posts {
  const posts = new BoundedMap<string, Post>(MAX_POSTS);
  const uploads = new BoundedMap<string, Post>(MAX_POSTS);
  return {
    add: (post) => {
      posts.set(post.publish_id, post);
      if (post.upload) uploads.set(post.upload.id, post);
    },
    byId: (publishId) => posts.get(publishId),
    byUpload: (uploadId) => uploads.get(uploadId),
    all: () => [...posts.values()],
    reset: () => {
      for (const post of posts.values()) post.stop?.();
      posts.clear();
      uploads.clear();
    },
  };
}
