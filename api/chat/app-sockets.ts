import type { GiftShown } from '../../domain/contracts/app-events.ts';
import { ERRORS } from '../../domain/errors.ts';
import type { LocalSockets, Realtime } from '../realtime.ts';
import { roomOf, roomOfUser, toSocket, type ChatIo } from './types.ts';

/** Tells users of the social app, in all processes where Redis joins them, and in this one alone. */
export function createAppSockets(io: ChatIo): Realtime & LocalSockets {
  const { rooms, sids } = io.of('/').adapter;
  return {
    toStream: (streamId, event, payload) => void io.to(roomOf(streamId)).emit(event as 'gift', payload as GiftShown),
    toUser: (userId, event, payload) => void io.to(roomOfUser(userId)).emit(event as 'gift', payload as GiftShown),
    isHere: (userId) => rooms.has(roomOfUser(userId)),
    here: () => [...new Set([...sids.keys()].flatMap((socketId) => io.of('/').sockets.get(socketId)?.data.user_id ?? []))],
    toUserHere: (userId, event, payload) => void io.local.to(roomOfUser(userId)).emit(event as 'gift', payload as GiftShown),
    cut(userId) {
      for (const socketId of rooms.get(roomOfUser(userId)) ?? []) {
        const socket = io.of('/').sockets.get(socketId);
        if (!socket) continue;
        toSocket(socket).emit('closing', { code: 'unauthenticated', message: ERRORS.unauthenticated.message, reconnect: false });
        socket.disconnect(true);
      }
    },
  };
}
