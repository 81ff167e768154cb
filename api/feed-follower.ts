import type { FeedCursor, FeedPage } from '../db/feed.repository.ts';

/** One reader of a workspace's feed. It reads the table at its own pace: nothing is queued for it. */
export interface FeedFollower {
  /** What follows `after`; followers that stand at the same place share one query. Rejects when the database does not answer. */
  read(after: FeedCursor): Promise<FeedPage>;
  /** Resolves when the feed may have grown since the last read began, or after `timeoutMs`, or at close. */
  wait(timeoutMs: number): Promise<void>;
  /** By itself or with its hub. */
  readonly closed: boolean;
  /** Idempotent. */
  close(): void;
}

/** All followers of one workspace in this process. */
export class FeedTopic {
  readonly #followers = new Set<{ wake: () => void; close: () => void }>();
  readonly #reads = new Map<string, Promise<FeedPage>>();
  readonly #readPage: (after: FeedCursor) => Promise<FeedPage>;
  #version = 0;
  /** The newest seq that a poll has seen. */
  polledHead = 0;

  constructor(readPage: (after: FeedCursor) => Promise<FeedPage>) {
    this.#readPage = readPage;
  }

  get size(): number {
    return this.#followers.size;
  }

  /** There may be something new. */
  wake(): void {
    this.#version += 1;
    for (const follower of [...this.#followers]) follower.wake();
  }

  close(): void {
    for (const follower of [...this.#followers]) follower.close();
  }

  follow(onClose: () => void): FeedFollower {
    let closed = false;
    let seen = -1;
    let wakeUp: (() => void) | null = null;
    const entry = {
      wake: () => wakeUp?.(),
      close: () => {
        if (closed) return;
        closed = true;
        this.#followers.delete(entry);
        entry.wake();
        onClose();
      },
    };
    this.#followers.add(entry);
    return {
      get closed() {
        return closed;
      },
      close: entry.close,
      read: (after) => {
        seen = this.#version;
        return this.#readShared(after);
      },
      wait: (timeoutMs) =>
        closed || seen !== this.#version
          ? Promise.resolve()
          : new Promise((resolve) => {
              const timer = setTimeout(() => wakeUp?.(), timeoutMs);
              wakeUp = () => {
                clearTimeout(timer);
                wakeUp = null;
                resolve();
              };
            }),
    };
  }

  #readShared(after: FeedCursor): Promise<FeedPage> {
    // The version is part of the key: a read that began before a hint may miss what the hint was about.
    const key = `${this.#version}:${after.seq}:${after.position ?? ''}`;
    const shared = this.#reads.get(key);
    if (shared) return shared;
    const page = this.#readPage(after).finally(() => this.#reads.delete(key));
    this.#reads.set(key, page);
    return page;
  }
}
