import { deletedLately } from '../../db/chat-message.repository.ts';
import { ERRORS } from '../../domain/errors.ts';
import { handleEvents, type HandlersOptions } from './handlers.ts';
import { RECOVERY_MS } from './recovery.ts';
import { toSocket, type ChatSocket } from './types.ts';

/** setTimeout takes no more milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const DELETED_MAX = 500;

/** Carries a socket from its connection to its end. */
export function handleConnection(socket: ChatSocket, options: HandlersOptions): void {
  const { rooms } = options;
  const entered = socket.recovered ? enterAgain(socket, options) : Promise.resolve();
  const expiry = setTimeout(() => expire(socket), Math.min(Math.max(0, socket.data.expires_at_s * 1_000 - Date.now()), LONGEST_TIMER_MS));
  expiry.unref();
  handleEvents(socket, entered, options);
  socket.once('disconnect', () => {
    clearTimeout(expiry);
    for (const streamId of Object.keys(socket.data.streams)) rooms.leave(socket, streamId);
  });
}

function expire(socket: ChatSocket): void {
  toSocket(socket).emit('closing', { code: 'token_expired', message: ERRORS.token_expired.message, reconnect: false });
  socket.disconnect(true);
}

/** A recovered socket is in its rooms already; here it becomes a member again, and hears what is told to those who are there only. */
async function enterAgain(socket: ChatSocket, { db, rooms, onRefused }: HandlersOptions): Promise<void> {
  const streamIds = Object.keys(socket.data.streams);
  for (const streamId of streamIds) {
    try {
      const { room, member } = await rooms.enter(socket, streamId, socket.data.streams[streamId]?.play_until_s ?? null);
      toSocket(socket).emit('settings', { stream_id: streamId, settings: room.settings });
      const restriction = member.restriction(Date.now());
      if (restriction) toSocket(socket).emit('restricted', { stream_id: restriction.stream_id, restriction });
    } catch (error) {
      await rooms.forget(socket, streamId);
      toSocket(socket).emit('closed', { stream_id: streamId, code: 'not_found' });
      onRefused(socket, 'recovery', 'not_found', error, false);
    }
  }
  try {
    for (const { id, stream_id } of await deletedLately(db, streamIds, (2 * RECOVERY_MS) / 1_000, DELETED_MAX)) toSocket(socket).emit('message_deleted', { stream_id, message_id: id });
  } catch (error) {
    onRefused(socket, 'recovery', 'unavailable', error, true);
  }
}
