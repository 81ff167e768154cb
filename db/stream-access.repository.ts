import type { StreamLatency, StreamStatus, StreamVisibility } from '../domain/contracts/stream.ts';
import type { WorkspaceRole } from '../domain/permissions.ts';
import type { Db } from './client.ts';
import { hashStreamKey, looksLikeStreamKey } from './stream-key.ts';

/** What decides who may publish. */
export interface PublishableStream {
  id: string;
  workspace_id: string;
  user_id: string;
  key_version: number;
  record: boolean;
  latency: StreamLatency;
  status: StreamStatus;
  deleted_at: Date | null;
  /** Why whose it is was suspended; null: they were not. */
  suspension_reason: string | null;
}

const publishable = (db: Db) =>
  db
    .selectFrom('streams as s')
    .leftJoin('app_users as a', 'a.id', 's.user_id')
    .select(['s.id', 's.workspace_id', 's.user_id', 's.key_version', 's.record', 's.latency', 's.status', 's.deleted_at', 'a.suspension_reason']);

/** The stream whose present key this is. */
export async function findStreamByKey(db: Db, key: string): Promise<PublishableStream | undefined> {
  if (!looksLikeStreamKey(key)) return undefined;
  return publishable(db).where('s.stream_key_hash', '=', hashStreamKey(key)).executeTakeFirst();
}

export const findPublishableStream = (db: Db, streamId: string): Promise<PublishableStream | undefined> => publishable(db).where('s.id', '=', streamId).executeTakeFirst();

export interface WatchableStream {
  id: string;
  workspace_id: string;
  visibility: StreamVisibility;
  latency: StreamLatency;
  /** Of the host that holds the open session. */
  host_id: string | null;
  public_url: string | null;
}

/** A stream that was not deleted, and where its encoder's session is right now. */
export const findWatchableStream = (db: Db, streamId: string): Promise<WatchableStream | undefined> =>
  db
    .selectFrom('streams as s')
    .leftJoin('stream_sessions as e', (join) => join.onRef('e.stream_id', '=', 's.id').on('e.ended_at', 'is', null))
    .leftJoin('media_hosts as h', 'h.id', 'e.host_id')
    .select(['s.id', 's.workspace_id', 's.visibility', 's.latency', 'h.id as host_id', 'h.public_url'])
    .where('s.id', '=', streamId)
    .where('s.deleted_at', 'is', null)
    .executeTakeFirst();

/** The user's role in a workspace, undefined where they are no member. */
export async function findRole(db: Db, workspaceId: string, userId: string): Promise<WorkspaceRole | undefined> {
  const member = await db.selectFrom('workspace_members').select('role').where('workspace_id', '=', workspaceId).where('user_id', '=', userId).executeTakeFirst();
  return member?.role;
}

/** One who was not deleted, whatever the tokens of a user of the social app say. suspension_reason: null where they were not suspended. */
export const findUserName = (db: Db, userId: string): Promise<{ id: string; full_name: string; suspension_reason: string | null } | undefined> =>
  db
    .selectFrom('users')
    .leftJoin('app_users', 'app_users.id', 'users.id')
    .select(['users.id', 'users.full_name', 'app_users.suspension_reason'])
    .where('users.id', '=', userId)
    .where('app_users.deleted_at', 'is', null)
    .executeTakeFirst();
