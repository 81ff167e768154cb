import { isAllowed, type Permission } from '../domain/permissions.ts';
import type { Db } from './client.ts';
import { readToken } from './signed-token.ts';
import { findRole } from './stream-access.repository.ts';

/** stranger: signed in, and no member who may see it. */
export type WatchAnswer = 'granted' | 'missing' | 'expired' | 'invalid' | 'stranger';

export interface Watched {
  /** Of the stream or video. */
  id: string;
  /** Of a recording: who may watch the stream by a link may watch what came of it. */
  stream_id?: string | null;
  workspace_id: string;
  permission: Permission;
}

/** Whether a token lets its holder watch what is private: a play token of just this (or of the stream that it is a recording of), or the access token of a member. */
export async function mayWatch(db: Db, { id, stream_id, workspace_id, permission }: Watched, token: string | null, secret: string): Promise<WatchAnswer> {
  if (!token) return 'missing';
  const play = await readToken('play', token, secret);
  if (play.ok && (play.subject === id || play.subject === stream_id)) return 'granted';
  const access = await readToken('access', token, secret);
  if (!access.ok) return !play.ok && play.reason === 'expired' ? 'expired' : access.reason;
  const role = await findRole(db, workspace_id, access.subject);
  return role && isAllowed(role, permission) ? 'granted' : 'stranger';
}
