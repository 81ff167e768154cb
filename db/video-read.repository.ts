import { sql, type RawBuilder } from 'kysely';
import type { FollowState, Relationship } from '../domain/contracts/social.ts';
import { relationshipBetween } from '../domain/social/relationship.ts';
import type { AppUser } from './app-user.repository.ts';
import type { Db } from './client.ts';
import { isThere, notBlocked, openTo } from './relation.repository.ts';
import type { Row } from './schema.ts';

/** A video as one viewer sees it, with all that a screen shows of it. */
export interface VideoCard {
  video: Row<'videos'>;
  author: AppUser;
  /** null: it has none, or it was taken out of the catalogue. */
  sound: Row<'sounds'> | null;
  /** By the viewer. */
  liked: boolean;
  /** The viewer's to the author; 'none' where nobody is signed in. */
  relationship: Relationship;
}

/**
 * What a viewer may see, as a condition over `videos v join app_users a on a.id = v.user_id`: ready, not deleted, author there,
 * nobody has blocked the other, and the privacy of both video and account keeps. Every list of videos has it.
 * @param viewerId null: nobody is signed in
 */
export const visibleTo = (viewerId: string | null): RawBuilder<boolean> => sql<boolean>`(v.status = 'ready' and ${isOpenTo(viewerId)})`;

/** `a` of visibleTo: one look-up for each video of a bounded list; without `offset 0` the planner may rather read all users. */
export const JOIN_AUTHOR = sql`cross join lateral (select * from app_users where app_users.id = v.user_id offset 0) a`;

/** As visibleTo, and to its author also while it is processing or where that failed. */
export const visibleOrOwn = (viewerId: string | null): RawBuilder<boolean> => sql<boolean>`((v.status = 'ready' or v.user_id = ${viewerId}::uuid) and ${isOpenTo(viewerId)})`;

const isOpenTo = (viewerId: string | null): RawBuilder<boolean> => {
  const viewer = sql`${viewerId}::uuid`;
  const viewerFollows = sql`exists (select from follows f where f.follower_id = ${viewer} and f.followee_id = v.user_id and f.state = 'accepted')`;
  const authorFollows = sql`exists (select from follows f where f.follower_id = v.user_id and f.followee_id = ${viewer} and f.state = 'accepted')`;
  return sql<boolean>`
    v.deleted_at is null and ${isThere('a')} and (v.user_id = ${viewer} or (
      case v.privacy
        when 'public' then ${openTo(viewerId, 'a')}
        when 'friends' then ${viewerFollows} and ${authorFollows}
        else false
      end
      and ${notBlocked(viewerId, 'v.user_id')}))`;
};

interface ReadVideos {
  workspace_id: string;
  viewer_id: string | null;
  /** In the order in which they shall come. */
  ids: readonly string[];
  /** Also the viewer's own ones that are processing or failed. */
  with_own_unready?: boolean;
}

interface CardRow extends Row<'videos'> {
  author: AppUser;
  sound: Row<'sounds'> | null;
  liked: boolean;
  follows: FollowState | null;
  is_followed_by: FollowState | null;
}

/** Those of them that the viewer may see, in the given order. */
export async function readVideos(db: Db, { workspace_id, viewer_id, ids, with_own_unready = false }: ReadVideos): Promise<VideoCard[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<CardRow>`
    select v.*, to_json(a) as author, to_json(s) as sound,
      exists (select from video_likes l where l.video_id = v.id and l.user_id = ${viewer_id}::uuid) as liked,
      (select f.state from follows f where f.follower_id = ${viewer_id}::uuid and f.followee_id = v.user_id) as follows,
      (select f.state from follows f where f.follower_id = v.user_id and f.followee_id = ${viewer_id}::uuid) as is_followed_by
    from unnest(${ids}::uuid[]) with ordinality as wanted (id, place)
      join videos v on v.id = wanted.id
      ${JOIN_AUTHOR}
      left join sounds s on s.id = v.sound_id and s.deleted_at is null
    where v.workspace_id = ${workspace_id} and ${with_own_unready ? visibleOrOwn(viewer_id) : visibleTo(viewer_id)}
    order by wanted.place`.execute(db);
  return rows.map((row) => toCard(row, viewer_id));
}

/** One video, where the viewer may see it. */
export const readVideo = async (db: Db, { id, ...asked }: Omit<ReadVideos, 'ids'> & { id: string }): Promise<VideoCard | undefined> => (await readVideos(db, { ...asked, ids: [id] }))[0];

function toCard({ author, sound, liked, follows, is_followed_by, ...video }: CardRow, viewerId: string | null): VideoCard {
  return { video, author: revived(author), sound: sound && revived(sound), liked, relationship: viewerId === author.id ? 'self' : relationshipBetween(follows, is_followed_by) };
}

const TIMES = ['created_at', 'updated_at', 'deleted_at', 'suspended_at'] as const;

/** JSON has times as text. */
function revived<T extends object>(row: T): T {
  const times = TIMES.flatMap((name) => {
    const value = (row as Record<string, unknown>)[name];
    return typeof value === 'string' ? [[name, new Date(value)]] : [];
  });
  return { ...row, ...Object.fromEntries(times) };
}
