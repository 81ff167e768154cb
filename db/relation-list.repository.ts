import { sql, type RawBuilder } from 'kysely';
import type { AppUser } from './app-user.repository.ts';
import type { Db } from './client.ts';
import { isThere, notBlocked } from './relation.repository.ts';

/** Which page: after a place, or so many pages on. */
export interface RelationPlace {
  /** When the last row shown came, microseconds since 1970, and whose it is. */
  after: readonly [number, string] | null;
  page: number;
  limit: number;
}

export interface RelatedUser {
  user: AppUser;
  /** Microseconds since 1970: finer than a Date. */
  since_us: number;
}

interface Asked extends RelationPlace {
  workspace_id: string;
  /** Who looks: nobody who has blocked them, or whom they have, is shown. */
  viewer_id: string | null;
  /** Whose list it is. */
  user_id: string;
}

const LISTS = {
  followers: { from: sql`follows`, owner: sql`r.followee_id`, other: 'r.follower_id', only: sql`r.state = 'accepted'` },
  following: { from: sql`follows`, owner: sql`r.follower_id`, other: 'r.followee_id', only: sql`r.state = 'accepted'` },
  requests: { from: sql`follows`, owner: sql`r.followee_id`, other: 'r.follower_id', only: sql`r.state = 'requested'` },
  blocked: { from: sql`blocks`, owner: sql`r.user_id`, other: 'r.blocked_id', only: sql`true` },
} as const;

/** Newest first; one more than `limit`. Users who were deleted or suspended are left out. */
export async function listRelated(db: Db, list: keyof typeof LISTS, { workspace_id, viewer_id, user_id, after, page, limit }: Asked): Promise<RelatedUser[]> {
  const { from, owner, other, only } = LISTS[list];
  const others = sql.ref(other);
  const isShown: RawBuilder<unknown> = list === 'blocked' ? sql`true` : notBlocked(viewer_id, other);
  const isAfter = after === null ? sql`true` : sql`(r.created_at, ${others}) < ('epoch'::timestamptz + ${after[0]} * interval '1 microsecond', ${after[1]}::uuid)`;
  const { rows } = await sql<AppUser & { since_us: number }>`
    select u.*, (extract(epoch from r.created_at) * 1000000)::bigint as since_us
    from ${from} r join app_users u on u.id = ${others}
    where ${owner} = ${user_id} and ${only} and u.workspace_id = ${workspace_id} and ${isThere('u')} and ${isShown} and ${isAfter}
    order by r.created_at desc, ${others} desc
    limit ${limit + 1} offset ${after === null ? page * limit : 0}`.execute(db);
  return rows.map(({ since_us, ...user }) => ({ user, since_us }));
}
