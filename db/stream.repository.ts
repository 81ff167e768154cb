import { sql } from 'kysely';
import { STREAM_FILTERS, type StreamFilter, type StreamLatency, type StreamVisibility } from '../domain/contracts/stream.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import type { Row } from './schema.ts';
import { hashStreamKey, hintOfStreamKey, newStreamKey } from './stream-key.ts';

/** A stream, where its host is reached while one holds it, and the video that its recording became. */
export type StreamRow = Omit<Row<'streams'>, 'stream_key_hash'> & { host_url: string | null; vod_id: string | null };

export interface StreamDraft {
  workspace_id: string;
  user_id: string;
  title: string;
  description: string | null;
  thumbnail: string | null;
  scheduled_for: Date | null;
  record: boolean;
  latency: StreamLatency;
  visibility: StreamVisibility;
}

/** Makes a stream. @returns its row, and its key, which is in no table and can't be had again */
export async function createStream(db: Db, draft: StreamDraft): Promise<{ id: string; key: string }> {
  const key = newStreamKey();
  const id = newId();
  await db
    .insertInto('streams')
    .values({ id, ...draft, status: 'waiting', stream_key_hash: hashStreamKey(key), stream_key_hint: hintOfStreamKey(key) })
    .execute();
  return { id, key };
}

const streams = (db: Db) =>
  db
    .selectFrom('streams as s')
    .leftJoin('media_hosts as h', 'h.id', 's.media_host_id')
    .leftJoin('vods as v', (join) => join.onRef('v.stream_id', '=', 's.id').on('v.source', '=', 'recording'))
    .selectAll('s')
    .select(['h.public_url as host_url', 'v.id as vod_id'])
    .where('s.deleted_at', 'is', null);

/** One that was not deleted, of whichever workspace: who asks checks that it is theirs. */
export const findStream = (db: Db, id: string): Promise<StreamRow | undefined> => streams(db).where('s.id', '=', id).executeTakeFirst();

export interface StreamQuery {
  workspace_id: string;
  status?: readonly StreamFilter[] | undefined;
  featured?: boolean | undefined;
  /** Only those made before this id. */
  before?: string | undefined;
  limit: number;
}

/** Newest first. */
export function listStreams(db: Db, { workspace_id, status, featured, before, limit }: StreamQuery): Promise<StreamRow[]> {
  const statuses = (status ?? []).flatMap((filter) => [...STREAM_FILTERS[filter]]);
  return streams(db)
    .where('s.workspace_id', '=', workspace_id)
    .$if(status !== undefined, (query) => query.where('s.status', 'in', statuses))
    .$if(featured !== undefined, (query) => query.where('s.featured', '=', featured ?? false))
    .$if(before !== undefined, (query) => query.where('s.id', '<', before ?? ''))
    .orderBy('s.id', 'desc')
    .limit(limit)
    .execute();
}

export type StreamEdit = Partial<Pick<StreamDraft, 'title' | 'description' | 'thumbnail' | 'visibility' | 'scheduled_for'> & { featured: boolean }>;

/** @returns whether it was changed: its time can be set only while it waits */
export async function editStream(db: Db, id: string, edit: StreamEdit): Promise<boolean> {
  const result = await db
    .updateTable('streams')
    .set({ ...edit, updated_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .$if(edit.scheduled_for !== undefined, (query) => query.where('status', '=', 'waiting'))
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Gives a stream another key. @returns it, and which one it is; undefined: the stream is over */
export async function rotateStreamKey(db: Db, id: string): Promise<{ key: string; key_version: number } | undefined> {
  const key = newStreamKey();
  const row = await db
    .updateTable('streams')
    .set({ stream_key_hash: hashStreamKey(key), stream_key_hint: hintOfStreamKey(key), key_version: sql<number>`key_version + 1`, updated_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .where('status', 'not in', ['ending', 'ended'])
    .returning('key_version')
    .executeTakeFirst();
  return row && { key, key_version: row.key_version };
}

/** Its videos and its chat stay. @returns false: it is on air */
export async function deleteStream(db: Db, id: string): Promise<boolean> {
  const result = await db
    .updateTable('streams')
    .set({ deleted_at: sql<Date>`now()`, updated_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('status', 'in', ['waiting', 'ended'])
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Encoders' sessions, newest first. */
export const listSessions = (db: Db, streamId: string, beforeEpoch: number | undefined, limit: number): Promise<Row<'stream_sessions'>[]> =>
  db
    .selectFrom('stream_sessions')
    .selectAll()
    .where('stream_id', '=', streamId)
    .$if(beforeEpoch !== undefined, (query) => query.where('epoch', '<', beforeEpoch ?? 0))
    .orderBy('epoch', 'desc')
    .limit(limit)
    .execute();

/** How many watched, oldest first. */
export const listViewerSamples = (db: Db, streamId: string, after: Date | undefined, limit: number): Promise<{ at: Date; viewers: number }[]> =>
  db
    .selectFrom('stream_viewer_samples')
    .select([sql<Date>`date_trunc('milliseconds', at)`.as('at'), 'viewers'])
    .where('stream_id', '=', streamId)
    .$if(after !== undefined, (query) => query.where(sql<Date>`date_trunc('milliseconds', at)`, '>', after ?? new Date(0)))
    .orderBy('stream_viewer_samples.at')
    .limit(limit)
    .execute();
