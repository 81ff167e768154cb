import type { ExtendedError } from 'socket.io';
import { findUserName } from '../../db/stream-access.repository.ts';
import { readToken } from '../../db/signed-token.ts';
import type { Db } from '../../db/client.ts';
import { chatName } from '../../domain/streaming/chat-text.ts';
import { ApiError } from '../errors.ts';
import { ChatRefusal, refusalOf } from './refusal.ts';
import type { ChatSocket } from './types.ts';

export interface HandshakeOptions {
  db: Db;
  jwtSecret: string;
  /** Whether one more socket of this user may come in. */
  room: (userId: string) => boolean;
  onRefused: (code: string, error: unknown) => void;
}

/** What connect_error.data holds. */
export interface HandshakeRefusal {
  code: string;
  message: string;
  /** Why a token was refused. */
  reason: 'missing' | 'expired' | 'invalid' | null;
}

/** Middleware of the namespace: a socket belongs to the user of its access token, and to nobody whom its payloads name. */
export const authenticate =
  ({ db, jwtSecret, room, onRefused }: HandshakeOptions) =>
  async (socket: ChatSocket, next: (error?: ExtendedError) => void): Promise<void> => {
    try {
      const user = await userOf(db, tokenOf(socket), jwtSecret);
      // What a recovered connection held was its user's.
      if (socket.recovered && socket.data.user_id !== user.user_id) throw new ApiError('unauthenticated', { reason: 'invalid', detail: 'the connection was somebody else’s' });
      if (!room(user.user_id)) throw new ChatRefusal('rate_limited', { detail: 'too many connections', retryAfterMs: 10_000 });
      Object.assign(socket.data, user, { streams: socket.recovered ? socket.data.streams : {} });
      next();
    } catch (error) {
      const { answer } = refusalOf(error);
      onRefused(answer.code, error);
      const data: HandshakeRefusal = { code: answer.code, message: answer.message, reason: error instanceof ApiError ? (error.extras.reason ?? null) : null };
      next(Object.assign(new Error(answer.message), { data }));
    }
  };

function tokenOf({ handshake }: ChatSocket): string | null {
  const given: unknown = handshake.auth.token ?? handshake.query.token;
  return typeof given === 'string' && given !== '' ? given : null;
}

async function userOf(db: Db, token: string | null, jwtSecret: string) {
  if (token === null) throw new ApiError('unauthenticated', { reason: 'missing' });
  const read = await readToken('access', token, jwtSecret);
  if (!read.ok) throw new ApiError(read.reason === 'expired' ? 'token_expired' : 'unauthenticated', { reason: read.reason });
  const user = await findUserName(db, read.subject);
  if (!user) throw new ApiError('unauthenticated', { reason: 'invalid', detail: 'the user is gone' });
  if (user.suspension_reason !== null) throw new ApiError('account_suspended', { detail: user.suspension_reason });
  return { user_id: user.id, user_name: chatName(user.full_name), expires_at_s: read.expires_at_s };
}

/** The play token of `join`: until when it lets in (epoch seconds), null where it does not. Who may watch anyway needs none. */
export async function playTokenEnd(token: string | undefined, streamId: string, jwtSecret: string): Promise<{ until_s: number | null; expired: boolean }> {
  if (token === undefined) return { until_s: null, expired: false };
  const read = await readToken('play', token, jwtSecret);
  return { until_s: read.ok && read.subject === streamId ? read.expires_at_s : null, expired: !read.ok && read.reason === 'expired' };
}
