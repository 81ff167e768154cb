import type { Transaction } from 'kysely';
import type { FollowState } from '../domain/contracts/social.ts';
import { notifyAppUser } from './app-notification.repository.ts';
import { lockAppUserRows, lockAppUsers, type AppUser } from './app-user.repository.ts';
import type { Db } from './client.ts';
import { isBlocked } from './relation.repository.ts';
import type { Database } from './schema.ts';

export type FollowOutcome = { kind: 'done'; state: FollowState | null; is_new: boolean } | { kind: 'gone' } | { kind: 'blocked' };

interface Pair {
  workspace_id: string;
  follower: AppUser;
  followee_id: string;
}

/** Follows, or asks a private account to be let in. Done before, it changes nothing. Tells the other, once. */
export const follow = (db: Db, { workspace_id, follower, followee_id }: Pair): Promise<FollowOutcome> =>
  db.transaction().execute(async (trx) => {
    const users = await lockAppUsers(trx, workspace_id, [follower.id, followee_id]);
    const followee = users.get(followee_id);
    if (!followee || followee.suspended_at !== null || !users.has(follower.id)) return { kind: 'gone' };
    if (await isBlocked(trx, follower.id, followee_id)) return { kind: 'blocked' };
    const state = followee.is_private ? 'requested' : 'accepted';
    const made = await trx
      .insertInto('follows')
      .values({ follower_id: follower.id, followee_id, state })
      .onConflict((conflict) => conflict.doNothing())
      .returning('state')
      .executeTakeFirst();
    if (!made) return { kind: 'done', state: await stateOf(trx, follower.id, followee_id), is_new: false };
    if (state === 'accepted') await count(trx, { follower_id: follower.id, followee_id }, 1);
    const kind = state === 'accepted' ? ('follow' as const) : ('follow_request' as const);
    const text = kind === 'follow' ? `${follower.username} follows you` : `${follower.username} asks to follow you`;
    await notifyAppUser(trx, { workspace_id, user_id: followee_id, sender_id: follower.id, kind, text, subject_id: follower.id, dedupe_key: `${kind}:${follower.id}` });
    return { kind: 'done', state, is_new: true };
  });

/** Follows no more, or takes back the request; also of somebody who is being deleted, which counts down the same rows. */
export const unfollow = (db: Db, workspaceId: string, pair: { follower_id: string; followee_id: string }): Promise<void> =>
  db.transaction().execute(async (trx) => {
    await lockAppUserRows(trx, workspaceId, [pair.follower_id, pair.followee_id]);
    await removeFollow(trx, pair);
  });

/** Both rows of app_users are locked. */
export async function removeFollow(trx: Transaction<Database>, pair: { follower_id: string; followee_id: string }): Promise<void> {
  const removed = await trx.deleteFrom('follows').where('follower_id', '=', pair.follower_id).where('followee_id', '=', pair.followee_id).returning('state').executeTakeFirst();
  if (removed?.state === 'accepted') await count(trx, pair, -1);
}

/** Lets somebody in who asked, or does not. @returns false: they do not ask (any more) */
export const answerFollow = (db: Db, workspaceId: string, { followee, follower_id, accept }: { followee: AppUser; follower_id: string; accept: boolean }): Promise<boolean> =>
  db.transaction().execute(async (trx) => {
    const users = await lockAppUsers(trx, workspaceId, [followee.id, follower_id]);
    // Who is being deleted lets nobody in: their row is not locked.
    if (users.get(follower_id)?.suspended_at !== null || !users.has(followee.id)) return false;
    const pair = { follower_id, followee_id: followee.id };
    if (!accept) return (await requested(trx, pair).execute())[0]!.numDeletedRows > 0n;
    const accepted = await acceptRequests(trx, followee.id, [follower_id]);
    if (accepted === 0) return false;
    await notifyAppUser(trx, {
      workspace_id: workspaceId,
      user_id: follower_id,
      sender_id: followee.id,
      kind: 'follow',
      text: `${followee.username} lets you follow them`,
      subject_id: followee.id,
      dedupe_key: `follow_accepted:${followee.id}`,
    });
    return true;
  });

const ACCEPT_AT_ONCE = 500;

/** An account that became public lets everybody in who asked. */
export async function acceptAllRequests(db: Db, workspaceId: string, followeeId: string): Promise<void> {
  for (let asked = ACCEPT_AT_ONCE; asked === ACCEPT_AT_ONCE; ) {
    asked = await db.transaction().execute(async (trx) => {
      const rows = await trx
        .selectFrom('follows')
        .innerJoin('app_users', 'app_users.id', 'follows.follower_id')
        .select('follower_id')
        .where('followee_id', '=', followeeId)
        .where('state', '=', 'requested')
        .where('app_users.deleted_at', 'is', null)
        .limit(ACCEPT_AT_ONCE)
        .execute();
      const users = await lockAppUsers(trx, workspaceId, [followeeId, ...rows.map(({ follower_id }) => follower_id)]);
      // Private again, or gone, meanwhile.
      if (users.get(followeeId)?.is_private !== false) return 0;
      const followers = rows.map(({ follower_id }) => follower_id).filter((id) => users.has(id));
      if (followers.length > 0) await acceptRequests(trx, followeeId, followers);
      return rows.length;
    });
  }
}

async function acceptRequests(trx: Transaction<Database>, followeeId: string, followerIds: readonly string[]): Promise<number> {
  const accepted = await trx
    .updateTable('follows')
    .set({ state: 'accepted' })
    .where('followee_id', '=', followeeId)
    .where('follower_id', 'in', followerIds)
    .where('state', '=', 'requested')
    .returning('follower_id')
    .execute();
  if (accepted.length === 0) return 0;
  await trx
    .updateTable('app_users')
    .set((is) => ({ following: is('following', '+', 1) }))
    .where('id', 'in', accepted.map(({ follower_id }) => follower_id))
    .execute();
  await trx
    .updateTable('app_users')
    .set((is) => ({ followers: is('followers', '+', accepted.length) }))
    .where('id', '=', followeeId)
    .execute();
  return accepted.length;
}

const requested = (trx: Transaction<Database>, { follower_id, followee_id }: { follower_id: string; followee_id: string }) =>
  trx.deleteFrom('follows').where('follower_id', '=', follower_id).where('followee_id', '=', followee_id).where('state', '=', 'requested');

const stateOf = async (trx: Transaction<Database>, followerId: string, followeeId: string): Promise<FollowState | null> =>
  (await trx.selectFrom('follows').select('state').where('follower_id', '=', followerId).where('followee_id', '=', followeeId).executeTakeFirst())?.state ?? null;

async function count(trx: Transaction<Database>, { follower_id, followee_id }: { follower_id: string; followee_id: string }, by: 1 | -1): Promise<void> {
  await trx
    .updateTable('app_users')
    .set((is) => ({ following: is('following', '+', by) }))
    .where('id', '=', follower_id)
    .execute();
  await trx
    .updateTable('app_users')
    .set((is) => ({ followers: is('followers', '+', by) }))
    .where('id', '=', followee_id)
    .execute();
}
