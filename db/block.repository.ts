import { lockAppUsers } from './app-user.repository.ts';
import { notifyChat } from './chat-notice.ts';
import type { Db } from './client.ts';
import { removeFollow } from './follow.repository.ts';

interface Block {
  user_id: string;
  blocked_id: string;
}

/** Neither sees the other from now on, and neither follows the other. @returns false: there is no such user */
export const block = (db: Db, workspaceId: string, { user_id, blocked_id }: Block): Promise<boolean> =>
  db.transaction().execute(async (trx) => {
    // The same locks as a follow: it comes before, and is removed, or sees the block.
    const users = await lockAppUsers(trx, workspaceId, [user_id, blocked_id]);
    if (users.size < 2 || users.get(blocked_id)?.suspended_at !== null) return false;
    await trx
      .insertInto('blocks')
      .values({ user_id, blocked_id })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await removeFollow(trx, { follower_id: user_id, followee_id: blocked_id });
    await removeFollow(trx, { follower_id: blocked_id, followee_id: user_id });
    // Whoever of them is in a chat of the other leaves it.
    await notifyChat(
      trx,
      [user_id, blocked_id].map((each) => ({ kind: 'restriction', workspace_id: workspaceId, stream_id: null, user_id: each })),
    );
    return true;
  });

export const unblock = (db: Db, { user_id, blocked_id }: Block): Promise<unknown> => db.deleteFrom('blocks').where('user_id', '=', user_id).where('blocked_id', '=', blocked_id).execute();
