import { sql } from 'kysely';
import type { MediaProbe } from '../domain/contracts/media.ts';
import type { StreamVisibility } from '../domain/contracts/stream.ts';
import type { IngestOutcome, VodGap, VodStretch } from '../domain/contracts/vod.ts';
import type { Db } from './client.ts';
import type { NewRow, Row } from './schema.ts';

export type VodRow = Row<'vods'>;

export interface NewVod {
  id: string;
  workspace_id: string;
  user_id: string | null;
  stream_id: string | null;
  title: string;
  description: string | null;
  visibility: StreamVisibility;
  source: 'upload' | 'fetch';
  /** For fetch. */
  source_url: string | null;
  /** Wall clock of its first picture, where it is known. */
  recorded_from: Date | null;
}

const EMPTY = {
  status_code: null,
  status_reason: null,
  storage_key: null,
  poster_key: null,
  content_type: null,
  size_bytes: null,
  sha256: null,
  duration_ms: null,
  width: null,
  height: null,
  probe: null,
} as const satisfies Partial<NewRow<'vods'>>;

/** The same again changes nothing. */
export async function insertVod(db: Db, vod: NewVod): Promise<void> {
  const status = vod.source === 'fetch' ? 'receiving' : 'processing';
  await db
    .insertInto('vods')
    .values({ ...EMPTY, ...vod, status })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

/**
 * The row of a stream's recording; a stream has one.
 * @returns its id; null: there is no such stream
 */
export async function openRecordingVod(db: Db, { vod_id, stream_id, workspace_id }: { vod_id: string; stream_id: string; workspace_id: string }): Promise<string | null> {
  await db
    .insertInto('vods')
    .columns(['id', 'workspace_id', 'user_id', 'stream_id', 'title', 'description', 'visibility', 'source', 'status'])
    .expression((query) =>
      query
        .selectFrom('streams')
        .select([
          sql<string>`${vod_id}::uuid`.as('id'),
          'streams.workspace_id',
          'user_id',
          'streams.id as stream_id',
          'title',
          'description',
          'visibility',
          sql<'recording'>`'recording'`.as('source'),
          sql<'processing'>`'processing'`.as('status'),
        ])
        .where('streams.id', '=', stream_id)
        .where('streams.workspace_id', '=', workspace_id),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await db.selectFrom('vods').select('id').where('stream_id', '=', stream_id).where('source', '=', 'recording').executeTakeFirst();
  return row?.id ?? null;
}

export const findVod = (db: Db, id: string): Promise<VodRow | undefined> => db.selectFrom('vods').selectAll().where('id', '=', id).executeTakeFirst();

/** As viewers may have it: not while whoever made it is suspended. */
export const findShownVod = (db: Db, id: string): Promise<VodRow | undefined> =>
  db.selectFrom('vods').leftJoin('app_users', 'app_users.id', 'vods.user_id').selectAll('vods').where('vods.id', '=', id).where('app_users.suspended_at', 'is', null).executeTakeFirst();

export interface VodFilter {
  workspace_id: string;
  stream_id?: string | undefined;
  /** Recorded, or where that is not known made, then or later. */
  from?: Date | undefined;
  to?: Date | undefined;
  /** In title or description, any case. */
  q?: string | undefined;
  before?: string | undefined;
  limit: number;
}

/** Newest first. */
export const listVods = (db: Db, { workspace_id, stream_id, from, to, q, before, limit }: VodFilter): Promise<VodRow[]> =>
  db
    .selectFrom('vods')
    .selectAll()
    .where('workspace_id', '=', workspace_id)
    .$if(stream_id !== undefined, (query) => query.where('stream_id', '=', stream_id!))
    .$if(from !== undefined, (query) => query.where(recordedAt, '>=', from!))
    .$if(to !== undefined, (query) => query.where(recordedAt, '<', to!))
    .$if(q !== undefined, (query) => query.where(({ or, eb }) => or([eb('title', 'ilike', containing(q!)), eb('description', 'ilike', containing(q!))])))
    .$if(before !== undefined, (query) => query.where('id', '<', before!))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();

const recordedAt = sql<Date>`coalesce(recorded_from, created_at)`;
const containing = (text: string): string => `%${text.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`;

export type VodChange = Partial<Pick<VodRow, 'title' | 'description' | 'visibility'>>;

export const changeVod = (db: Db, workspaceId: string, id: string, change: VodChange): Promise<VodRow | undefined> =>
  db
    .updateTable('vods')
    .set({ ...change, updated_at: sql<Date>`now()` })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();

/** What is known once the file lies in storage. */
export interface VodFacts {
  storage_key: string;
  poster_key: string | null;
  content_type: string;
  size_bytes: number;
  sha256: string;
  probe: MediaProbe;
  /** For recordings, and uploads of which it is known when they were recorded. */
  stretches: readonly VodStretch[];
  gaps: readonly VodGap[];
  segments_total: number;
  segments_lost: number;
}

/** @returns false: the row was deleted meanwhile */
export async function storeVodFacts(db: Db, id: string, { probe, stretches, gaps, ...facts }: VodFacts): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('vods')
    .set({
      ...facts,
      probe: JSON.stringify(probe),
      stretches: JSON.stringify(stretches),
      gaps: JSON.stringify(gaps),
      duration_ms: probe.duration_ms,
      width: probe.width,
      height: probe.height,
      ...(stretches[0] && { recorded_from: stretches[0].from }),
      updated_at: sql<Date>`now()`,
    })
    .where('id', '=', id)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** The file as it came lies in storage, and is looked at next; the same again changes nothing. @returns false: the row was deleted meanwhile */
export async function vodReceived(db: Db, id: string, file: Pick<VodFacts, 'storage_key' | 'size_bytes' | 'sha256'>): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('vods')
    .set({ ...file, status: 'processing', status_code: null, status_reason: null, updated_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('storage_key', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n || (await findVod(db, id)) !== undefined;
}

/** Tells why it takes longer, without ending it. @returns how often ffmpeg has failed at it, this time included */
export async function noteVodDelay(db: Db, id: string, { code, reason }: Extract<IngestOutcome, { ok: false }>): Promise<number> {
  const row = await db
    .updateTable('vods')
    .set({ status_code: code, status_reason: reason, ...(code === 'ffmpeg_failed' && { ffmpeg_failures: sql<number>`ffmpeg_failures + 1` }), updated_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('status', 'in', ['receiving', 'processing'])
    .returning('ffmpeg_failures')
    .executeTakeFirst();
  return row?.ffmpeg_failures ?? 0;
}

/** Ends its making. */
export async function finishVod(db: Db, id: string, end: Pick<VodRow, 'status' | 'status_code' | 'status_reason'>): Promise<void> {
  await db
    .updateTable('vods')
    .set({ ...end, updated_at: sql<Date>`now()` })
    .where('id', '=', id)
    .execute();
}

/** Begins its making anew. @returns false: it did not fail */
export async function reopenVod(db: Db, workspaceId: string, id: string): Promise<VodRow | undefined> {
  return db
    .updateTable('vods')
    .set({ status: sql`case when source = 'fetch' and storage_key is null then 'receiving' else 'processing' end`, status_code: null, status_reason: null, ffmpeg_failures: 0, updated_at: sql<Date>`now()` })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .where('status', '=', 'failed')
    .returningAll()
    .executeTakeFirst();
}

/** The rows of clips go with it. */
export const deleteVod = (db: Db, workspaceId: string, id: string): Promise<VodRow | undefined> =>
  db.deleteFrom('vods').where('workspace_id', '=', workspaceId).where('id', '=', id).returningAll().executeTakeFirst();

/** Those whose making should be under way for so long already. */
export const listUnfinishedVods = (db: Db, olderThanMs: number, limit: number): Promise<Pick<VodRow, 'id' | 'workspace_id' | 'source' | 'stream_id'>[]> =>
  db
    .selectFrom('vods')
    .select(['id', 'workspace_id', 'source', 'stream_id'])
    .where('status', 'in', ['receiving', 'processing'])
    .where('updated_at', '<', sql<Date>`now() - ${olderThanMs} * interval '1 millisecond'`)
    .orderBy('updated_at')
    .limit(limit)
    .execute();
