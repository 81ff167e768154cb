import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import type { Relationship } from '../domain/contracts/social.ts';
import { relationshipBetween } from '../domain/social/relationship.ts';
import type { Database } from './schema.ts';

/** How a viewer stands to a user. @param viewerId null: nobody is signed in */
export async function relationshipOf(db: Kysely<Database>, viewerId: string | null, userId: string): Promise<Relationship> {
  return (await relationshipsOf(db, viewerId, [userId])).get(userId) ?? 'none';
}

/** The same for many, by their ids; every id that was asked for is in it. */
export async function relationshipsOf(db: Kysely<Database>, viewerId: string | null, ids: readonly string[]): Promise<Map<string, Relationship>> {
  if (viewerId === null || ids.length === 0) return new Map(ids.map((id) => [id, 'none']));
  const rows = await db
    .selectFrom('follows')
    .select(['follower_id', 'followee_id', 'state'])
    .where((is) =>
      is.or([is.and([is('follower_id', '=', viewerId), is('followee_id', 'in', ids)]), is.and([is('followee_id', '=', viewerId), is('follower_id', 'in', ids)])]),
    )
    .execute();
  const mine = new Map(rows.filter(({ follower_id }) => follower_id === viewerId).map(({ followee_id, state }) => [followee_id, state]));
  const theirs = new Map(rows.filter(({ followee_id }) => followee_id === viewerId).map(({ follower_id, state }) => [follower_id, state]));
  return new Map(ids.map((id) => [id, id === viewerId ? 'self' : relationshipBetween(mine.get(id) ?? null, theirs.get(id) ?? null)]));
}

/** Whether one of them has blocked the other. */
export async function isBlocked(db: Kysely<Database>, a: string, b: string): Promise<boolean> {
  return (await blockedBetween(db, a, [b])).has(b);
}

/** @returns those of `others` who have blocked the user, or whom the user has blocked */
export async function blockedBetween(db: Kysely<Database>, userId: string, others: readonly string[]): Promise<Set<string>> {
  if (others.length === 0) return new Set();
  const rows = await db
    .selectFrom('blocks')
    .select(['user_id', 'blocked_id'])
    .where((is) => is.or([is.and([is('user_id', '=', userId), is('blocked_id', 'in', others)]), is.and([is('blocked_id', '=', userId), is('user_id', 'in', others)])]))
    .execute();
  return new Set(rows.map(({ user_id, blocked_id }) => (user_id === userId ? blocked_id : user_id)));
}

/**
 * A condition for whatever others see of people: the account was neither deleted nor suspended.
 * @param alias of app_users in the query: 'author'
 */
export const isThere = (alias: string): RawBuilder<SqlBool> => sql<SqlBool>`(${sql.ref(`${alias}.deleted_at`)} is null and ${sql.ref(`${alias}.suspended_at`)} is null)`;

/**
 * A condition for lists: neither has the viewer blocked whom the column names, nor they the viewer.
 * @param viewerId null: nobody is signed in, and nobody is left out
 * @param column a user's id, with its table: 'videos.user_id'
 */
export function notBlocked(viewerId: string | null, column: string): RawBuilder<SqlBool> {
  if (viewerId === null) return sql<SqlBool>`true`;
  // Two of them, not one with `or`: so each becomes an anti join on its own index.
  return sql<SqlBool>`(not exists (select from blocks where blocks.user_id = ${viewerId} and blocks.blocked_id = ${sql.ref(column)})
    and not exists (select from blocks where blocks.blocked_id = ${viewerId} and blocks.user_id = ${sql.ref(column)}))`;
}

/**
 * A condition for lists of what belongs to people: their account is public, or it is the viewer's own, or the viewer follows it.
 * @param owner alias of app_users in the query: 'author'
 */
export function openTo(viewerId: string | null, owner: string): RawBuilder<SqlBool> {
  const isPublic = sql<SqlBool>`not ${sql.ref(`${owner}.is_private`)}`;
  if (viewerId === null) return isPublic;
  return sql<SqlBool>`(${isPublic} or ${sql.ref(`${owner}.id`)} = ${viewerId}
    or exists (select from follows where follows.follower_id = ${viewerId} and follows.followee_id = ${sql.ref(`${owner}.id`)} and follows.state = 'accepted'))`;
}
