import { createListener } from '../db/listener.ts';
import { changedRow, CHANNELS } from '../domain/names.ts';
import type { Cache } from './cache.ts';
import { streamsTag, streamTag, vodsTag, vodTag } from './cache-tags.ts';
import type { StoredCache } from './cache-through.ts';

export interface CacheHubOptions {
  cache: StoredCache;
  /** For a listening connection of its own. */
  databaseUrl: string;
  onError?: (error: Error) => void;
}

/**
 * Empties a cache of what changed, in the moment in which the change is committed, whoever made it. While the connection is
 * away that tells of changes, the cache is not used.
 */
export function listenForChanges({ cache, databaseUrl, onError = () => undefined }: CacheHubOptions): Cache {
  cache.pause();
  const listener = createListener({
    url: databaseUrl,
    channels: [CHANNELS.streams, CHANNELS.vods],
    onNotice(channel, payload) {
      const { id, workspace_id } = changedRow(payload);
      void cache.invalidate(channel === CHANNELS.streams ? [streamTag(id), streamsTag(workspace_id)] : [vodTag(id), vodsTag(workspace_id)]);
    },
    onConnected: () => void cache.resume(),
    onError(error) {
      cache.pause();
      onError(error);
    },
  });
  return {
    through: (key, tags, ttlS, load) => cache.through(key, tags, ttlS, load),
    invalidate: (tags) => cache.invalidate(tags),
    async close() {
      await listener.close();
      await cache.close();
    },
  };
}
