import type pg from 'pg';
import { CHANNELS } from '../domain/names.ts';

export interface FeedNotifier {
  /** Tells every API process that the workspace's feed grew. Never throws: a hint may be lost. */
  hint(workspaceId: string): void;
}

/**
 * The first hint for a workspace goes out at once, further ones at most every `intervalMs`: NOTIFY takes a lock over
 * the whole database at commit, so it is kept out of the event transaction and off the hot path.
 */
export function createFeedNotifier(pool: pg.Pool, intervalMs = 20): FeedNotifier {
  const waiting = new Map<string, { again: boolean }>();

  const send = (workspaceId: string): void => {
    const state = { again: false };
    waiting.set(workspaceId, state);
    pool.query('select pg_notify($1, $2)', [CHANNELS.feed, workspaceId]).catch(() => undefined);
    setTimeout(() => {
      waiting.delete(workspaceId);
      if (state.again) send(workspaceId);
    }, intervalMs).unref();
  };

  return {
    hint(workspaceId) {
      const state = waiting.get(workspaceId);
      if (state) state.again = true;
      else send(workspaceId);
    },
  };
}
