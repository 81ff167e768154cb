import { sql, type SqlBool } from 'kysely';
import type { ChunkPlan } from '../domain/contracts/open-api.ts';
import { FINAL_POST_STATES, type PostContent, type PostState, type TimelineKind } from '../domain/contracts/post.ts';
import type { ErrorCode } from '../domain/errors.ts';
import { CHANNELS } from '../domain/names.ts';
import type { Db } from './client.ts';
import type { Row } from './schema.ts';

/** A post on one of its tries: what an earlier try still has to say changes nothing. */
export interface PostRef {
  post_id: string;
  workspace_id: string;
  run: number;
}

export interface TimelineNote {
  kind: TimelineKind;
  detail: string | null;
  /** Within the run: the same step repeated is the same entry. */
  key: string;
}

type PostUpdate = Partial<{ [Column in keyof Row<'posts'>]: unknown }>;

export interface PostChange {
  /** Nothing happens to a post in another state; all but the final ones where absent. */
  from?: readonly PostState[];
  set?: PostUpdate;
  note?: TimelineNote | null;
  /** Further conditions on the row, and rows that go with it. */
  where?: ReturnType<typeof sql<SqlBool>>;
  voidsTurn?: boolean;
}

const OPEN_STATES: readonly PostState[] = ['scheduled', 'waiting_quota', 'preparing', 'uploading', 'processing', 'in_inbox', 'unconfirmed'];
/** States in which nothing was sent to TikTok that could become a post. */
export const UNSENT_STATES: readonly PostState[] = ['scheduled', 'waiting_quota', 'preparing'];

/**
 * Changes a post's row, writes its timeline and tells those who watch it, in one statement.
 * @returns the row as it is now; undefined where the post is gone, on another run, or in none of the states
 */
export async function changePost(db: Db, { post_id, workspace_id, run }: PostRef, change: PostChange): Promise<Row<'posts'> | undefined> {
  const { from = OPEN_STATES, set = {}, note = null, where = sql<SqlBool>`true`, voidsTurn = false } = change;
  const assignments = Object.entries(set).map(([column, value]) => sql`, ${sql.ref(column)} = ${value}`);
  const { rows } = await sql<Row<'posts'>>`
    with changed as (
      update posts set updated_at = now()${sql.join(assignments, sql``)}
      where id = ${post_id} and workspace_id = ${workspace_id} and run = ${run} and state = any(${from}) and ${where}
      returning *
    ), noted as (
      insert into post_timeline (post_id, run, kind, detail, dedupe_key)
      select id, run, ${note?.kind ?? null}, ${note?.detail ?? null}, run || ':' || ${note?.key ?? ''} from changed where ${note !== null}
      on conflict (post_id, dedupe_key) do nothing
    ), voided as (
      update init_turns set voided_at = now() from changed
      where init_turns.post_id = changed.id and init_turns.granted_at is not null and init_turns.voided_at is null and ${voidsTurn}
    )
    select changed.* from changed, lateral (select pg_notify(${CHANNELS.posts}, changed.id::text)) as told`.execute(db);
  return rows[0];
}

/** A word in the timeline, whatever the state. */
export const notePost = (db: Db, ref: PostRef, note: TimelineNote): Promise<Row<'posts'> | undefined> =>
  changePost(db, ref, { from: [...OPEN_STATES, ...FINAL_POST_STATES], note });

/** A post that has not ended, with what it takes to work on it. */
export interface WorkingPost extends Row<'posts'> {
  media_key: string | null;
  media_version: string | null;
  media_size: number | null;
  media_type: string | null;
  media_probe: Row<'media'>['probe'] | null;
}

export function findWorkingPost(db: Db, { post_id, workspace_id }: Omit<PostRef, 'run'>): Promise<WorkingPost | undefined> {
  return db
    .selectFrom('posts')
    .leftJoin('media', 'media.id', 'posts.media_id')
    .selectAll('posts')
    .select([
      'media.storage_key as media_key',
      'media.storage_version as media_version',
      'media.size_bytes as media_size',
      'media.content_type as media_type',
      'media.probe as media_probe',
    ])
    .where('posts.id', '=', post_id)
    .where('posts.workspace_id', '=', workspace_id)
    .executeTakeFirst();
}

export interface PostEditRow {
  content?: Partial<PostContent>;
  publish_at?: Date | null;
  time_zone?: string | null;
}

/** Writes what a person changed, unless TikTok was asked to begin already. */
export function editPost(db: Db, ref: PostRef, edit: PostEditRow, note: TimelineNote): Promise<Row<'posts'> | undefined> {
  return changePost(db, ref, {
    from: UNSENT_STATES,
    where: sql<SqlBool>`init_sent_at is null`,
    set: {
      ...(edit.content ? { content: sql`content || ${JSON.stringify(edit.content)}::jsonb` } : {}),
      ...(edit.publish_at !== undefined ? { publish_at: edit.publish_at } : {}),
      ...(edit.time_zone !== undefined ? { time_zone: edit.time_zone } : {}),
    },
    note,
  });
}

/**
 * Leave to call TikTok's init, once: set before the call, so that whoever finds it set and no publish_id knows that an
 * answer may have been lost. The turn's time is that of the call, as TikTok counts it.
 */
export async function claimInit(db: Db, ref: PostRef): Promise<Row<'posts'> | undefined> {
  return db.transaction().execute(async (tx) => {
    const claimed = await changePost(tx, ref, {
      from: UNSENT_STATES,
      where: sql<SqlBool>`init_sent_at is null`,
      set: {
        state: 'preparing',
        init_sent_at: sql`now()`,
        init_count: sql`init_count + 1`,
        publish_id: null,
        upload_url: null,
        chunk_size: null,
        chunk_count: null,
        bytes_uploaded: 0,
      },
    });
    if (claimed) {
      await sql`update init_turns set granted_at = clock_timestamp() where post_id = ${ref.post_id} and granted_at is not null and voided_at is null`.execute(tx);
    }
    return claimed;
  });
}

const unanswered = (initCount: number) => sql<SqlBool>`init_count = ${initCount} and init_sent_at is not null and publish_id is null`;

export interface StoredInit {
  publish_id: string;
  /** Sealed; null where TikTok pulls. */
  upload_url: string | null;
  plan: ChunkPlan | null;
}

/** Keeps TikTok's answer to the init with this number. @returns undefined where that init was given up meanwhile */
export function storeInit(db: Db, ref: PostRef, initCount: number, { publish_id, upload_url, plan }: StoredInit): Promise<Row<'posts'> | undefined> {
  return changePost(db, ref, {
    // A pull that was doubtful is not any more.
    from: [...UNSENT_STATES, 'unconfirmed'],
    where: unanswered(initCount),
    set: {
      state: plan ? 'uploading' : 'processing',
      state_code: null,
      state_reason: null,
      publish_id,
      upload_url,
      chunk_size: plan?.chunk_size ?? null,
      chunk_count: plan?.total_chunk_count ?? null,
      ...(plan ? { bytes_total: plan.video_size } : {}),
    },
    note: { kind: 'init', detail: plan ? `TikTok takes the file in ${plan.total_chunk_count} parts` : 'TikTok fetches it from the URL', key: `init:${publish_id}` },
  });
}

/** The init with this number came to nothing. `lost`: its answer never came, though TikTok may have counted it. */
export function releaseInit(db: Db, ref: PostRef, initCount: number, lost: { reason: string } | null): Promise<Row<'posts'> | undefined> {
  return changePost(db, ref, {
    from: UNSENT_STATES,
    where: unanswered(initCount),
    set: { init_sent_at: null, ...(lost ? {} : { init_count: sql`init_count - 1` }) },
    note: lost && { kind: 'init_lost', detail: lost.reason, key: `init_lost:${initCount}` },
    voidsTurn: true,
  });
}

/** What this publish_id stood for is dead, and no post can come of it: the post may be begun anew. */
export function dropInit(db: Db, ref: PostRef, publishId: string, detail: string): Promise<Row<'posts'> | undefined> {
  return changePost(db, ref, {
    where: sql<SqlBool>`publish_id = ${publishId}`,
    set: { state: 'preparing', init_sent_at: null, publish_id: null, upload_url: null, chunk_size: null, chunk_count: null, bytes_uploaded: 0 },
    note: { kind: 'init_lost', detail, key: `init_dead:${publishId}` },
    voidsTurn: true,
  });
}

/** Bytes that TikTok has, which never become fewer within one upload. */
export function addProgress(db: Db, ref: PostRef, publishId: string, bytes: number, note: TimelineNote | null = null): Promise<Row<'posts'> | undefined> {
  return changePost(db, ref, {
    where: sql<SqlBool>`publish_id = ${publishId}`,
    set: { bytes_uploaded: sql`greatest(bytes_uploaded, ${bytes}::bigint)` },
    note,
  });
}

export interface Fault {
  code: ErrorCode | null;
  reason: string | null;
}

/** Ends a try. Whoever has the upload URL can upload, so it goes. */
export function endPost(db: Db, ref: PostRef, state: 'failed' | 'cancelled', { code, reason }: Fault): Promise<Row<'posts'> | undefined> {
  return db.transaction().execute(async (tx) => {
    const ended = await changePost(tx, ref, {
      set: { state, state_code: code, state_reason: reason, upload_url: null },
      note: { kind: state, detail: reason, key: state },
      voidsTurn: true,
    });
    if (ended) await sql`delete from init_turns where post_id = ${ref.post_id} and granted_at is null`.execute(tx);
    return ended;
  });
}

export interface PublishedFacts {
  post_ids: readonly string[];
  /** The account's handle; null: unknown, and then there is no link. */
  username: string | null;
  /** TikTok says so just now: numbers that had ended, because it was hidden for a while, begin again. */
  is_public?: boolean;
  note: TimelineNote;
}

/**
 * It is published, or more of its TikTok ids are known. Each id is sampled from now on; the first one makes the link.
 * A draft that was posted frees its place among the pending ones.
 */
export async function publishPost(db: Db, ref: PostRef, { post_ids, username, is_public = false, note }: PublishedFacts): Promise<Row<'posts'> | undefined> {
  return db.transaction().execute(async (tx) => {
    const row = await changePost(tx, ref, {
      from: [...OPEN_STATES, 'published'],
      set: {
        state: 'published',
        state_code: null,
        state_reason: null,
        upload_url: null,
        published_at: sql`coalesce(published_at, now())`,
        tiktok_post_ids: sql`array(select id from unnest(tiktok_post_ids || ${post_ids}::text[]) with ordinality as known (id, at) group by id order by min(at))`,
      },
      note,
    });
    if (!row) return undefined;
    const first = row.tiktok_post_ids[0];
    const permalink = first && username ? permalinkOf(row, username, first) : null;
    if (permalink && row.permalink === null) {
      await tx.updateTable('posts').set({ permalink }).where('id', '=', row.id).where('permalink', 'is', null).execute();
    }
    if (post_ids.length > 0) {
      await tx
        .insertInto('sampled_videos')
        .values(post_ids.map((video_id) => ({ video_id, social_account_id: row.social_account_id, post_id: row.id, published_at: row.published_at! })))
        .onConflict((conflict) => conflict.columns(['social_account_id', 'video_id']).doNothing())
        .execute();
    }
    if (is_public) await sampleAgain(tx, row.social_account_id, post_ids);
    if (row.mode === 'inbox') await voidTurns(tx, row.id);
    return { ...row, permalink: row.permalink ?? permalink };
  });
}

const voidTurns = (db: Db, postId: string) => sql`update init_turns set voided_at = coalesce(voided_at, now()) where post_id = ${postId}`.execute(db);

/** The form of https://developers.tiktok.com/doc/tiktok-api-v2-video-object share URLs, without their tracking. */
const permalinkOf = ({ kind }: Pick<Row<'posts'>, 'kind'>, username: string, id: string): string =>
  `https://www.tiktok.com/@${username}/${kind === 'photo' ? 'photo' : 'video'}/${id}`;

/** TikTok no longer shows it: its numbers end here. */
export async function hideVideo(db: Db, socialAccountId: string, videoId: string): Promise<void> {
  await db
    .updateTable('sampled_videos')
    .set({ gone_at: sql<Date>`coalesce(gone_at, now())` })
    .where('social_account_id', '=', socialAccountId)
    .where('video_id', '=', videoId)
    .execute();
}

async function sampleAgain(db: Db, socialAccountId: string, videoIds: readonly string[]): Promise<void> {
  await db
    .updateTable('sampled_videos')
    .set({ gone_at: null, misses: 0, next_sample_at: new Date() })
    .where('social_account_id', '=', socialAccountId)
    .where('video_id', 'in', videoIds)
    .where('gone_at', 'is not', null)
    .execute();
}
