import { z } from 'zod';
import type { Db } from '../../db/client.ts';
import { readToken } from '../../db/signed-token.ts';
import { findPublishableStream, findRole, findStreamByKey, findUserName, findWatchableStream, type PublishableStream } from '../../db/stream-access.repository.ts';
import { mayWatch } from '../../db/watch-access.ts';
import { AppError } from '../../domain/errors.ts';
import { isAllowed } from '../../domain/permissions.ts';
import type { MediaGate, PublishGrant, ViewGrant } from '../../media/live-session.ts';

export interface MediaGateOptions {
  db: Db;
  /** JWT_SECRET. */
  jwtSecret: string;
}

export function createMediaGate({ db, jwtSecret }: MediaGateOptions): MediaGate {
  return {
    async publisherByKey(key) {
      if (key === '') throw new AppError('stream_key_missing');
      const stream = await findStreamByKey(db, key);
      if (!stream) throw new AppError('stream_key_unknown');
      return grantOf(stream, stream.key_version);
    },

    async publisherByToken(token, streamId) {
      const userId = await subjectOf(token, jwtSecret);
      const stream = await findPublishableStream(db, idOf(streamId));
      const role = stream && (await findRole(db, stream.workspace_id, userId));
      if (!stream || !role) throw new AppError('not_found');
      if (stream.user_id !== userId && !isAllowed(role, 'streams.edit')) throw new AppError('forbidden', `streams.edit is needed; your role is ${role}`);
      return grantOf(stream, null);
    },

    async viewer(streamId, token) {
      const stream = await findWatchableStream(db, idOf(streamId));
      if (!stream) throw new AppError('not_found');
      // A public stream is everybody's: a token that is there, and may be too old by now, is not looked at.
      if (stream.visibility === 'private') await checkViewer(stream, token);
      const { id, visibility, latency, host_id, public_url } = stream;
      return { stream_id: id, visibility, latency, host: host_id !== null && public_url !== null ? { id: host_id, public_url } : null } satisfies ViewGrant;
    },

    async user(token) {
      const user = await findUserName(db, await subjectOf(token, jwtSecret));
      if (!user) throw invalid();
      if (user.suspension_reason !== null) throw new AppError('account_suspended', user.suspension_reason);
      return { user_id: user.id, name: user.full_name };
    },
  };

  /** To members and holders of a play token; to others it is not there. */
  async function checkViewer({ id, workspace_id }: { id: string; workspace_id: string }, token: string | null): Promise<void> {
    const answer = await mayWatch(db, { id, workspace_id, permission: 'streams.view' }, token, jwtSecret);
    if (answer === 'missing') throw missing();
    if (answer === 'expired') throw new AppError('token_expired');
    if (answer === 'invalid') throw invalid();
    if (answer === 'stranger') throw new AppError('not_found');
  }
}

/** @throws AppError stream_over, account_suspended */
export function grantOf({ id, workspace_id, user_id, record, latency, status, deleted_at, suspension_reason }: PublishableStream, key_version: number | null): PublishGrant {
  if (deleted_at !== null || status === 'ending' || status === 'ended') throw new AppError('stream_over');
  if (suspension_reason !== null) throw new AppError('account_suspended', suspension_reason);
  return { stream_id: id, workspace_id, user_id, key_version, record, latency };
}

async function subjectOf(token: string | null, secret: string): Promise<string> {
  if (!token) throw missing();
  const read = await readToken('access', token, secret);
  if (read.ok) return read.subject;
  throw read.reason === 'expired' ? new AppError('token_expired') : invalid();
}

/** What is no id at all would be a fault to PostgreSQL; to the caller it is a stream that is not there. */
function idOf(streamId: string): string {
  if (!z.uuid().safeParse(streamId).success) throw new AppError('not_found');
  return streamId;
}

const missing = (): AppError => new AppError('unauthenticated', 'the token is missing');
const invalid = (): AppError => new AppError('unauthenticated', 'the token is not valid');
