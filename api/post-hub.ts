import { createListener } from '../db/listener.ts';
import { AppError } from '../domain/errors.ts';
import { CHANNELS } from '../domain/names.ts';

export interface PostFollower {
  /** Ends when the post has changed since the last wait, after `ms`, or when it is closed. */
  wait(ms: number): Promise<void>;
  readonly closed: boolean;
  /** Idempotent. */
  close(): void;
}

export interface PostHub {
  /** @throws AppError rate_limited when this process follows too many posts already; unavailable after close */
  follow(postId: string): PostFollower;
  /** Ends all followers. Idempotent. */
  close(): Promise<void>;
}

export interface PostHubOptions {
  /** For a listening connection of its own. */
  databaseUrl: string;
  onError?: (error: Error) => void;
  /** In this process. */
  maxFollowers?: number;
}

/** Tells followers of posts when to look, over one listening connection; the tables stay the truth. */
export function createPostHub({ databaseUrl, onError = () => undefined, maxFollowers = 1_000 }: PostHubOptions): PostHub {
  const followers = new Map<string, Set<Follower>>();
  let count = 0;
  let closed = false;
  const wakeAll = (): void => followers.forEach((ofPost) => ofPost.forEach((follower) => follower.wake()));
  const listener = createListener({
    url: databaseUrl,
    channels: [CHANNELS.posts],
    onNotice: (_channel, postId) => followers.get(postId)?.forEach((follower) => follower.wake()),
    onConnected: wakeAll,
    onError,
  });

  return {
    follow(postId) {
      if (closed) throw new AppError('unavailable', 'the API is stopping');
      if (count >= maxFollowers) throw new AppError('rate_limited', `${maxFollowers} streams of posts are open already`);
      const ofPost = followers.get(postId) ?? new Set();
      const follower = new Follower(() => {
        count -= 1;
        ofPost.delete(follower);
        if (ofPost.size === 0 && followers.get(postId) === ofPost) followers.delete(postId);
      });
      count += 1;
      followers.set(postId, ofPost.add(follower));
      return follower;
    },
    async close() {
      if (closed) return;
      closed = true;
      for (const ofPost of [...followers.values()]) for (const follower of [...ofPost]) follower.close();
      await listener.close();
    },
  };
}

class Follower implements PostFollower {
  closed = false;
  #changed = false;
  #waiting: (() => void) | null = null;
  readonly #onClose: () => void;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  wake(): void {
    this.#changed = true;
    this.#waiting?.();
  }

  async wait(ms: number): Promise<void> {
    if (!this.#changed && !this.closed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#waiting = null;
    this.#changed = false;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#onClose();
    this.#waiting?.();
  }
}
