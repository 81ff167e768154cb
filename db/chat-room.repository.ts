import { sql, type Kysely } from 'kysely';
import { DEFAULT_CHAT_SETTINGS, type ChatRestriction, type ChatSettings } from '../domain/contracts/chat.ts';
import type { StreamStatus, StreamVisibility } from '../domain/contracts/stream.ts';
import type { WorkspaceRole } from '../domain/permissions.ts';
import { notifyChat } from './chat-notice.ts';
import { activeRestrictions } from './chat-restriction.repository.ts';
import type { Db } from './client.ts';
import { blockedBetween } from './relation.repository.ts';
import type { Database } from './schema.ts';

/** What a chat needs to know of its stream. */
export interface ChatStream {
  id: string;
  workspace_id: string;
  /** The owner. */
  user_id: string;
  visibility: StreamVisibility;
  status: StreamStatus;
  viewer_count: number;
}

/** A stream that was not deleted. */
export const findChatStream = (db: Kysely<Database>, streamId: string): Promise<ChatStream | undefined> =>
  db.selectFrom('streams').select(['id', 'workspace_id', 'user_id', 'visibility', 'status', 'viewer_count']).where('id', '=', streamId).where('deleted_at', 'is', null).executeTakeFirst();

export async function findChatSettings(db: Kysely<Database>, streamId: string): Promise<ChatSettings> {
  const room = await db.selectFrom('chat_rooms').select(['slow_mode_s', 'links_allowed', 'blocked_words']).where('stream_id', '=', streamId).executeTakeFirst();
  return room ?? DEFAULT_CHAT_SETTINGS;
}

/** Changes what is given, and leaves the rest. @returns all of them */
export const changeChatSettings = (db: Db, streamId: string, change: Partial<ChatSettings>): Promise<ChatSettings> =>
  db.transaction().execute(async (trx) => {
    const settings = await trx
      .insertInto('chat_rooms')
      .values({ stream_id: streamId, ...DEFAULT_CHAT_SETTINGS, ...change })
      .onConflict((conflict) => conflict.column('stream_id').doUpdateSet({ ...change, updated_at: sql`now()` }))
      .returning(['slow_mode_s', 'links_allowed', 'blocked_words'])
      .executeTakeFirstOrThrow();
    await notifyChat(trx, [{ kind: 'settings', stream_id: streamId }]);
    return settings;
  });

/** Position of the last message of each stream that has one. */
export async function lastPositions(db: Kysely<Database>, streamIds: readonly string[]): Promise<Map<string, number>> {
  if (streamIds.length === 0) return new Map();
  const rows = await db.selectFrom('chat_rooms').select(['stream_id', 'last_position']).where('stream_id', 'in', streamIds).execute();
  return new Map(rows.map(({ stream_id, last_position }) => [stream_id, last_position]));
}

/** What a user is to a stream's chat. */
export interface ChatStanding {
  /** Role in the stream's workspace; null: no member. */
  role: WorkspaceRole | null;
  /** A moderator who was appointed. */
  appointed: boolean;
  /** The stream's owner has blocked them, or they the owner. */
  blocked: boolean;
  restrictions: ChatRestriction[];
}

/** @returns one for each of the users */
export async function chatStandings(db: Kysely<Database>, { id, workspace_id, user_id }: Pick<ChatStream, 'id' | 'workspace_id' | 'user_id'>, userIds: readonly string[]): Promise<Map<string, ChatStanding>> {
  if (userIds.length === 0) return new Map();
  const [members, appointed, blocked, restrictions] = await Promise.all([
    db.selectFrom('workspace_members').select(['user_id', 'role']).where('workspace_id', '=', workspace_id).where('user_id', 'in', userIds).execute(),
    db.selectFrom('chat_moderators').select('user_id').where('workspace_id', '=', workspace_id).where('user_id', 'in', userIds).execute(),
    blockedBetween(db, user_id, userIds),
    activeRestrictions(db, { workspaceId: workspace_id, streamId: id, userIds }),
  ]);
  return new Map(
    userIds.map((userId) => [
      userId,
      {
        role: members.find((member) => member.user_id === userId)?.role ?? null,
        appointed: appointed.some((moderator) => moderator.user_id === userId),
        blocked: blocked.has(userId),
        restrictions: restrictions.filter((restriction) => restriction.user_id === userId),
      },
    ]),
  );
}
