import type { Db } from '../db/client.ts';
import { feedHeads, readFeed } from '../db/feed.repository.ts';
import { createListener } from '../db/listener.ts';
import { AppError } from '../domain/errors.ts';
import { CHANNELS } from '../domain/names.ts';
import { FeedTopic, type FeedFollower } from './feed-follower.ts';

export interface FeedHub {
  /** @throws AppError rate_limited when the workspace has too many followers in this process; unavailable after close */
  follow(workspaceId: string): FeedFollower;
  /** Ends all followers. Idempotent. */
  close(): Promise<void>;
}

export interface FeedHubOptions {
  db: Db;
  /** For a listening connection of its own. */
  databaseUrl: string;
  onError?: (error: Error) => void;
  /** What a lost hint may cost, milliseconds. */
  pollMs?: number;
  /** Most entries of one read. */
  pageSize?: number;
  /** For each workspace. */
  maxFollowers?: number;
}

/**
 * Tells followers of workspace feeds when to look: by NOTIFY at once, and by looking at the feeds' heads every
 * `pollMs` in case a hint was lost. The table stays the truth, so any API process can serve any follower.
 */
export function createFeedHub(options: FeedHubOptions): FeedHub {
  const { db, databaseUrl, onError = () => undefined, pollMs = 1_000, pageSize = 500, maxFollowers = 200 } = options;
  const topics = new Map<string, FeedTopic>();
  let closed = false;

  const listener = createListener({
    url: databaseUrl,
    channels: [CHANNELS.feed],
    onNotice: (_channel, workspaceId) => topics.get(workspaceId)?.wake(),
    onConnected: () => topics.forEach((topic) => topic.wake()),
    onError,
  });

  const poll = async (): Promise<void> => {
    for (const [workspaceId, head] of await feedHeads(db, [...topics.keys()])) {
      const topic = topics.get(workspaceId);
      if (!topic || topic.polledHead === head) continue;
      topic.polledHead = head;
      topic.wake();
    }
  };
  let timer: NodeJS.Timeout;
  const schedule = (): void => {
    if (closed) return;
    timer = setTimeout(() => void poll().catch(onError).finally(schedule), pollMs);
    timer.unref();
  };
  schedule();

  return {
    follow(workspaceId) {
      if (closed) throw new AppError('unavailable', 'the API is stopping');
      const topic = topics.get(workspaceId) ?? new FeedTopic((after) => readFeed(db, workspaceId, after, pageSize));
      if (topic.size >= maxFollowers) throw new AppError('rate_limited', `${maxFollowers} streams of this workspace are open already`);
      topics.set(workspaceId, topic);
      return topic.follow(() => {
        if (topic.size === 0) topics.delete(workspaceId);
      });
    },
    async close() {
      if (closed) return;
      closed = true;
      clearTimeout(timer);
      for (const topic of [...topics.values()]) topic.close();
      await listener.close();
    },
  };
}
