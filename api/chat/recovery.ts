import { deletedLately } from '../../db/chat-message.repository.ts';
import { chatStandings, findChatStream } from '../../db/chat-room.repository.ts';
import type { Db } from '../../db/client.ts';
import { findUserName } from '../../db/stream-access.repository.ts';
import type { ChatMessage } from '../../domain/contracts/chat.ts';
import { mayJoin } from '../../domain/streaming/chat-rights.ts';
import { createGapRecorder, type GapRecorder, type KeptPacket, type RestoredSession } from './recovery-gap.ts';
import type { SocketData } from './types.ts';

/** How long a connection that broke may take to come back with everything, milliseconds. */
export const RECOVERY_MS = 120_000;
/** Checks are a few reads; a connection that must wait longer begins anew. */
const CHECK_MS = 3_000;
const DELETED_MAX = 500;

interface Session extends RestoredSession {
  data: SocketData;
}

interface RecoveringAdapter {
  restoreSession(pid: string, offset: string): Promise<Session | null> | null;
}

/**
 * Has what Socket.IO would restore checked again: who was banned or lost the stream during the drop gets nothing of it, and what
 * was deleted meanwhile is not given out. Where it can't be checked the client connects anew and joins.
 * @returns what was sent while the connection was made, for each that was recovered
 */
export function checkRecoveries(given: object, db: Db, onError: (error: unknown) => void): GapRecorder {
  const adapter = given as RecoveringAdapter;
  const restore = adapter.restoreSession.bind(adapter);
  const gaps = createGapRecorder(given);
  adapter.restoreSession = async (pid, offset) => {
    try {
      return await gaps.during(() => Promise.race([check(db, Promise.resolve(restore(pid, offset))), timeout()]));
    } catch (error) {
      onError(error);
      return null;
    }
  };
  return gaps;
}

async function check(db: Db, restored: Promise<Session | null>): Promise<Session | null> {
  // The Redis adapter rejects, with text, where it knows nothing (any more) of the session.
  const session = await restored.catch((error: unknown) => (error instanceof Error ? Promise.reject(error) : null));
  if (!session || !(await mayConnect(db, session.data))) return null;
  const streamIds = Object.keys(session.data.streams);
  const allowed = await Promise.all(streamIds.map((streamId) => mayComeBack(db, session.data, streamId)));
  if (allowed.includes(false)) return null;
  const deleted = new Set((await deletedLately(db, streamIds, (2 * RECOVERY_MS) / 1_000, DELETED_MAX)).map(({ id }) => id));
  return { ...session, missedPackets: session.missedPackets.map((packet) => withoutDeleted(packet, deleted)) };
}

/** Socket.IO gives out what was missed before the handshake is looked at: who would be refused there is refused here. */
async function mayConnect(db: Db, { user_id, expires_at_s }: SocketData): Promise<boolean> {
  if (expires_at_s * 1_000 <= Date.now()) return false;
  const user = await findUserName(db, user_id);
  return user !== undefined && user.suspension_reason === null;
}

async function mayComeBack(db: Db, { user_id, streams }: SocketData, streamId: string): Promise<boolean> {
  const stream = await findChatStream(db, streamId);
  if (!stream) return false;
  const standing = (await chatStandings(db, stream, [user_id])).get(user_id)!;
  const played = (streams[streamId]?.play_until_s ?? 0) * 1_000 > Date.now();
  const banned = standing.restrictions.some(({ kind }) => kind === 'ban');
  return !banned && mayJoin(stream, { user_id, ...standing }, played);
}

/** A packet of the adapter's memory is shared by all who missed it: it is copied, not changed. */
function withoutDeleted(packet: KeptPacket, deleted: ReadonlySet<string>): KeptPacket {
  const [event, message, ...rest] = packet as [string, ChatMessage, ...unknown[]];
  return event === 'chat_message' && deleted.has(message.id) ? [event, { ...message, message: '', deleted: true }, ...rest] : packet;
}

const timeout = (): Promise<null> => new Promise((resolve) => setTimeout(() => resolve(null), CHECK_MS).unref());
