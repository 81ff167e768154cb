import { Context } from '@temporalio/activity';
import type { Db } from '../../db/client.ts';
import { readSessionEnd } from '../../db/stream-broadcast.repository.ts';
import type { BroadcastHostActivities, SessionEnd } from '../../domain/contracts/stream.ts';
import type { SessionBook } from '../../media/live-session.ts';

const BEAT_MS = 1_000;

/** What only the host can do that holds the session’s sockets. */
export function createBroadcastHostActivities(db: Db, sessions: SessionBook): BroadcastHostActivities {
  return {
    async carrySession({ session_id }) {
      const session = sessions.find(session_id);
      if (!session) return (await readSessionEnd(db, session_id)) ?? { reason: 'media_host_died', detail: 'The media host does not hold this session any more.', at_ms: Date.now() };
      const { cancelled } = Context.current();
      const beat = setInterval(() => Context.current().heartbeat(), BEAT_MS);
      try {
        // Cancelled: a newer session has taken over, or the workflow goes on in a new run, which carries it anew.
        return await Promise.race([session.ended, cancelled as Promise<SessionEnd>]);
      } finally {
        clearInterval(beat);
      }
    },

    closeSession({ session_id, reason }) {
      sessions.find(session_id)?.end(reason);
      return Promise.resolve();
    },
  };
}
