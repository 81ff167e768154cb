import type { SessionNews } from '../../db/stream-session.repository.ts';
import type { SessionEndReason } from '../../domain/contracts/stream.ts';
import type { EncoderSession } from './encoder-session.ts';

/** Counting bytes is one request to a mediasoup worker: one that hangs must not hold up the others. */
const COUNT_MS = 900;

/** Since when each session has had no media; times are those of performance.now(). */
export interface MediaPulse {
  /** Asks all of them how much has come. @returns ids of those that have had media since the last time */
  beat(sessions: readonly EncoderSession[]): Promise<string[]>;
  silentForMs(session: EncoderSession): number;
}

export function createMediaPulse(now: () => number = () => performance.now()): MediaPulse {
  const seen = new WeakMap<EncoderSession, { bytes: number; at: number }>();
  const of = (session: EncoderSession): { bytes: number; at: number } => {
    const known = seen.get(session) ?? { bytes: 0, at: now() };
    seen.set(session, known);
    return known;
  };
  const hasGrown = async (session: EncoderSession): Promise<boolean> => {
    const known = of(session);
    const bytes = await bytesOf(session);
    // Fewer than before: the stage was made anew, and counts from zero.
    if (bytes === null || bytes === known.bytes) return false;
    known.bytes = bytes;
    if (bytes > 0) known.at = now();
    return bytes > 0;
  };
  return {
    async beat(sessions) {
      const grown = await Promise.all(sessions.map(hasGrown));
      return sessions.flatMap(({ id }, index) => (grown[index] ? [id] : []));
    },
    silentForMs: (session) => now() - of(session).at,
  };
}

/** null: can't be known right now, as while a mediasoup worker is replaced. */
async function bytesOf({ stage }: EncoderSession): Promise<number | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), COUNT_MS)));
  try {
    return await Promise.race([stage.receivedBytes().catch(() => null), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Why the table says that a session is over; null: it goes on. */
export function endByTable(news: SessionNews): { reason: SessionEndReason; detail: string | null } | null {
  if (news.ended_at !== null) return { reason: news.end_reason ?? 'taken_over', detail: 'The session was ended elsewhere.' };
  if (news.deleted_at !== null || news.status === 'ending' || news.status === 'ended') return { reason: 'stream_ended', detail: null };
  if (news.key_version !== null && news.key_version < news.stream_key_version) return { reason: 'key_revoked', detail: 'The stream key was rotated.' };
  return null;
}
