import type { ChatRestriction } from '../../domain/contracts/chat.ts';
import { ERRORS } from '../../domain/errors.ts';
import type { Presence } from './presence.ts';
import type { Rooms, RoomsOptions } from './rooms.ts';
import { roomOf, toSocket, type ChatIo } from './types.ts';

const sameAs =
  (one: ChatRestriction) =>
  (other: ChatRestriction): boolean =>
    other.id === one.id && other.until === one.until;

/** What members of this process hear; every process tells its own. @param rooms asked for when something is told */
export function tellMembers(io: ChatIo, rooms: () => Rooms, presence: Presence): RoomsOptions['told'] {
  const here = (streamId: string) => io.local.to(roomOf(streamId));
  return {
    restrictionsChanged(_room, { sockets, standing }, before) {
      const now = standing?.restrictions ?? [];
      for (const socket of sockets) {
        for (const restriction of now) if (!before.restrictions.some(sameAs(restriction))) toSocket(socket).emit('restricted', { stream_id: restriction.stream_id, restriction });
        for (const old of before.restrictions) if (!now.some(({ id }) => id === old.id)) toSocket(socket).emit('restriction_lifted', { stream_id: old.stream_id, kind: old.kind });
      }
    },
    shutOut({ stream: { id } }, socket, code) {
      void rooms().forget(socket, id);
      if (code === 'chat_banned') {
        toSocket(socket).emit('closing', { code, message: ERRORS[code].message, reconnect: false });
        socket.disconnect(true);
      } else toSocket(socket).emit('closed', { stream_id: id, code });
    },
    settings: ({ stream: { id }, settings }) => here(id).emit('settings', { stream_id: id, settings }),
    stream: ({ stream: { id, status, viewer_count } }) => here(id).volatile.emit('stream', { stream_id: id, status, viewer_count }),
    deleted: (stream_id, message_id) => here(stream_id).emit('message_deleted', { stream_id, message_id }),
    position: (stream_id, position) => here(stream_id).volatile.emit('position', { stream_id, position }),
    presence: (streamId) => presence.changed(streamId),
  };
}
