import type { Kysely } from 'kysely';
import { notifyChat } from './chat-notice.ts';
import type { Db } from './client.ts';
import type { Database } from './schema.ts';

export interface ChatModerator {
  user_id: string;
  user_name: string;
  added_by: string | null;
  created_at: Date;
}

const moderators = (db: Kysely<Database>, workspaceId: string) =>
  db
    .selectFrom('chat_moderators as m')
    .innerJoin('users as u', 'u.id', 'm.user_id')
    .select(['m.user_id', 'u.full_name as user_name', 'm.added_by', 'm.created_at'])
    .where('m.workspace_id', '=', workspaceId);

/** Who was appointed for the workspace's chats, by user id: one more than `limit`. */
export const listModerators = (db: Kysely<Database>, workspaceId: string, limit: number, after?: string): Promise<ChatModerator[]> =>
  moderators(db, workspaceId)
    .$if(after !== undefined, (query) => query.where('m.user_id', '>', after ?? ''))
    .orderBy('m.user_id')
    .limit(limit + 1)
    .execute();

export const findModerator = (db: Kysely<Database>, workspaceId: string, userId: string): Promise<ChatModerator | undefined> =>
  moderators(db, workspaceId).where('m.user_id', '=', userId).executeTakeFirst();

/** Who is one already stays one. @returns undefined where there is no such user */
export const appoint = (db: Db, { workspaceId, userId, addedBy }: { workspaceId: string; userId: string; addedBy: string }): Promise<ChatModerator | undefined> =>
  db.transaction().execute(async (trx) => {
    await trx
      .insertInto('chat_moderators')
      .columns(['workspace_id', 'user_id', 'added_by'])
      .expression((eb) => eb.selectFrom('users').select((one) => [one.val(workspaceId).$castTo<string>().as('workspace_id'), 'id', one.val(addedBy).$castTo<string>().as('added_by')]).where('id', '=', userId))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await notifyChat(trx, [{ kind: 'moderator', workspace_id: workspaceId, user_id: userId }]);
    return findModerator(trx, workspaceId, userId);
  });

/** @returns whether they were one */
export const dismiss = (db: Db, workspaceId: string, userId: string): Promise<boolean> =>
  db.transaction().execute(async (trx) => {
    const { numDeletedRows } = await trx.deleteFrom('chat_moderators').where('workspace_id', '=', workspaceId).where('user_id', '=', userId).executeTakeFirst();
    await notifyChat(trx, [{ kind: 'moderator', workspace_id: workspaceId, user_id: userId }]);
    return numDeletedRows > 0n;
  });
