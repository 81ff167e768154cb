import { sql, type Kysely, type Transaction } from 'kysely';
import type { AppUser } from './app-user.repository.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import type { Database, Row } from './schema.ts';
import { isThere, notBlocked } from './relation.repository.ts';

export type CommentRow = Row<'video_comments'>;

/** A comment as one viewer sees it. */
export interface CommentCard {
  comment: CommentRow;
  author: AppUser;
  /** By the viewer. */
  liked: boolean;
  /** Answers that the viewer may see. */
  answers: number;
}

export interface NewComment {
  video_id: string;
  user_id: string;
  /** null: it is no answer. */
  parent_id: string | null;
  comment: string;
}

/**
 * Adds a comment and counts it. The video's row is locked first: whoever deletes a comment meanwhile, with its answers, waits or is seen.
 * @param tell whom it concerns: told with it, or not at all
 * @returns null: the video, or the comment that it answers, is not there any more
 */
export const addComment = (db: Db, { video_id, user_id, parent_id, comment }: NewComment, tell: (trx: Transaction<Database>, added: CommentRow) => Promise<void>): Promise<CommentRow | null> =>
  db.transaction().execute(async (trx) => {
    const video = await trx.selectFrom('videos').select('id').where('id', '=', video_id).where('status', '=', 'ready').where('deleted_at', 'is', null).forNoKeyUpdate().executeTakeFirst();
    if (!video) return null;
    const { rows } = await sql<CommentRow>`
      insert into video_comments (id, video_id, user_id, parent_id, comment)
      select ${newId()}::uuid, ${video_id}::uuid, ${user_id}::uuid, ${parent_id}::uuid, ${comment}
      where ${parent_id}::uuid is null or exists (select from video_comments where id = ${parent_id} and video_id = ${video_id} and parent_id is null and deleted_at is null)
      returning *`.execute(trx);
    const added = rows[0];
    if (!added) return null;
    await countComments(trx, video_id, [{ created_at: added.created_at, amount: 1 }]);
    await tell(trx, added);
    return added;
  });

/**
 * Deletes a comment and its answers, and counts them off. Whoever wrote it may, and whoever's video it is.
 * @returns false: it is not there any more, or not theirs to delete
 */
export const deleteComment = (db: Db, { workspace_id, user_id, id }: { workspace_id: string; user_id: string; id: string }): Promise<boolean> =>
  db.transaction().execute(async (trx) => {
    const { rows: found } = await sql<{ video_id: string }>`
      select v.id as video_id from video_comments c join videos v on v.id = c.video_id
      where c.id = ${id} and c.deleted_at is null and v.workspace_id = ${workspace_id} and (c.user_id = ${user_id} or v.user_id = ${user_id})
      for no key update of v`.execute(trx);
    if (!found[0]) return false;
    const { rows } = await sql<{ created_at: Date }>`
      update video_comments set deleted_at = now() where (id = ${id} or parent_id = ${id}) and deleted_at is null returning created_at`.execute(trx);
    await countComments(
      trx,
      found[0].video_id,
      rows.map(({ created_at }) => ({ created_at, amount: -1 })),
    );
    return rows.length > 0;
  });

/** A comment counts on the day on which it was written. */
async function countComments(trx: Kysely<Database>, videoId: string, changes: readonly { created_at: Date; amount: number }[]): Promise<void> {
  if (changes.length === 0) return;
  const amounts = changes.map(({ amount }) => amount);
  await sql`
    with change as (select (created_at at time zone 'utc')::date as day, amount from unnest(${changes.map(({ created_at }) => created_at)}::timestamptz[], ${amounts}::integer[]) as given (created_at, amount)),
      daily as (
        insert into video_days (video_id, day, comments) select ${videoId}::uuid, day, sum(amount) from change group by day order by day
        on conflict (video_id, day) do update set comments = video_days.comments + excluded.comments)
    update videos set comments = comments + (select sum(amount) from change) where id = ${videoId}`.execute(trx);
}

export interface CommentPage {
  video_id: string;
  viewer_id: string | null;
  /** null: comments themselves, newest first; else its answers, oldest first. */
  parent_id: string | null;
  /** Behind this one; null: by offset. */
  after: string | null;
  offset: number;
  limit: number;
}

/** Comments of users who are there and with whom nobody has blocked the other. */
export async function listComments(db: Db, { video_id, viewer_id, parent_id, after, offset, limit }: CommentPage): Promise<CommentCard[]> {
  const place = parent_id === null ? sql`c.parent_id is null` : sql`c.parent_id = ${parent_id}`;
  const behind = after === null ? sql`true` : parent_id === null ? sql`c.id < ${after}` : sql`c.id > ${after}`;
  const { rows } = await sql<CardRow>`
    ${cardOf(viewer_id)}
    where c.video_id = ${video_id} and ${place} and ${behind} and ${isShownTo(viewer_id)}
    order by c.id ${parent_id === null ? sql`desc` : sql`asc`} limit ${limit} offset ${after === null ? offset : 0}`.execute(db);
  return rows.map(toCard);
}

/** One comment, where the viewer may see it; the video is the caller's to check. */
export async function readComment(db: Db, id: string, viewerId: string | null): Promise<CommentCard | undefined> {
  const { rows } = await sql<CardRow>`${cardOf(viewerId)} where c.id = ${id} and ${isShownTo(viewerId)}`.execute(db);
  return rows[0] && toCard(rows[0]);
}

interface CardRow extends CommentRow {
  author: AppUser;
  liked: boolean;
  answers: number;
}

const cardOf = (viewerId: string | null) => sql`
  select c.*, to_json(a) as author,
    exists (select from comment_likes l where l.comment_id = c.id and l.user_id = ${viewerId}::uuid) as liked,
    (select count(*)::integer from video_comments r join app_users ra on ra.id = r.user_id
      where r.parent_id = c.id and r.deleted_at is null and ${isThere('ra')} and ${notBlocked(viewerId, 'r.user_id')}) as answers
  from video_comments c join app_users a on a.id = c.user_id`;

const isShownTo = (viewerId: string | null) => sql`c.deleted_at is null and ${isThere('a')} and ${notBlocked(viewerId, 'c.user_id')}`;

function toCard({ author, liked, answers, ...comment }: CardRow): CommentCard {
  // JSON has times as text.
  return { comment, author: { ...author, created_at: new Date(author.created_at), updated_at: new Date(author.updated_at), deleted_at: null, suspended_at: null }, liked, answers };
}
