import type { Server, Socket } from 'socket.io';
import type { ChatClientEvents, ChatServerEvents } from '../../domain/contracts/chat.ts';

/** What API processes tell one another through Redis, and nobody stores. */
export interface BetweenProcesses {
  typing(event: { stream_id: string; user_id: string; user_name: string }): void;
  presence(event: { stream_id: string; viewers: number; sockets: number }): void;
}

/** Of a socket; kept over a short drop, so it is plain data. */
export interface SocketData {
  user_id: string;
  user_name: string;
  /** Of the access token, epoch seconds. */
  expires_at_s: number;
  /** Joined streams. play_until_s: end of the play token that let them in; null: they may watch without one. */
  streams: Record<string, { play_until_s: number | null }>;
}

export type ChatIo = Server<ChatClientEvents, ChatServerEvents, BetweenProcesses, SocketData>;
export type ChatSocket = Socket<ChatClientEvents, ChatServerEvents, BetweenProcesses, SocketData>;

/** All sockets of a user. */
export const roomOfUser = (userId: string): string => `user:${userId}`;
export const roomOf = (streamId: string): string => `stream:${streamId}`;

/** For what one socket is told, in its order with a cut that follows: socket.emit goes by way of Redis where sessions are recovered. */
export const toSocket = (socket: ChatSocket) => socket.nsp.local.to(socket.id);
