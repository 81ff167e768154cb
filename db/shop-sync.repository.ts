import { sql } from 'kysely';
import type { ChannelKey, ChannelState } from '../domain/contracts/channel.ts';
import type { SyncCounts, SyncKind, SyncRange } from '../domain/contracts/shop-sync.ts';
import { AppError, type ErrorCode } from '../domain/errors.ts';
import type { Db } from './client.ts';
import type { Row } from './schema.ts';

export type SyncCursorRow = Row<'shop_sync_cursors'>;

export interface SyncedChannel extends ChannelKey {
  state: ChannelState;
  state_code: ErrorCode | null;
  state_reason: string | null;
}

/** Channels of all workspaces, a page by id. */
export const listSyncedChannels = (db: Db, after: string | null, limit: number): Promise<SyncedChannel[]> =>
  db
    .selectFrom('channels')
    .select(['id as channel_id', 'workspace_id', 'state', 'state_code', 'state_reason'])
    .$if(after !== null, (query) => query.where('id', '>', after))
    .orderBy('id')
    .limit(limit)
    .execute();

export interface OrderWindow {
  from: Date;
  to: Date;
  page_token: string | null;
  /** A run before this one has left it behind. */
  isResumed: boolean;
}

/**
 * Begins a list of what changed since the cursor, or gives the one that is under way; a channel without a cursor begins so much before it was connected.
 * @throws where the channel is gone
 */
export async function beginOrderWindow(db: Db, channelId: string, { now, first_ms, overlap_ms }: { now: Date; first_ms: number; overlap_ms: number }): Promise<OrderWindow> {
  const { rows } = await sql<Pick<SyncCursorRow, 'window_from' | 'window_to' | 'page_token'>>`
    insert into shop_sync_cursors as known (channel_id, kind, window_from, window_to, last_started_at, runs)
    select id, 'orders', connected_at - ${first_ms / 1_000}::float8 * interval '1 second', ${now}, ${now}, 1 from channels where id = ${channelId}
    on conflict (channel_id, kind) do update set
      window_from = case when known.window_to is null then coalesce(known.cursor - ${overlap_ms / 1_000}::float8 * interval '1 second', excluded.window_from) else known.window_from end,
      window_to = coalesce(known.window_to, excluded.window_to),
      last_started_at = excluded.last_started_at,
      runs = known.runs + 1
    returning window_from, window_to, page_token`.execute(db);
  const row = rows[0];
  if (!row) throw new AppError('not_found', 'channel');
  return { from: row.window_from!, to: row.window_to!, page_token: row.page_token, isResumed: row.window_to!.getTime() !== now.getTime() };
}

export interface TakenPage {
  /** When the newest order on it changed; null: it held none. */
  newest: Date | null;
  next_page_token: string | null;
  seen: number;
  missed: number;
  /** Since the last page that was kept. */
  calls: number;
}

/**
 * Keeps that a page of the window has been taken; after the last one the window is over and the cursor stands at its end.
 * @returns whether this was still the page at which the list stood: otherwise another worker has it, and nothing is written
 */
export async function keepOrderPage(db: Db, channelId: string, { to, page_token }: OrderWindow, page: TakenPage): Promise<boolean> {
  const isLast = page.next_page_token === null;
  const result = await sql`
    update shop_sync_cursors set
      cursor = case when ${isLast} then greatest(cursor, window_to) else greatest(cursor, least(${page.newest}::timestamptz, window_to)) end,
      window_from = case when ${isLast} then null else window_from end,
      window_to = case when ${isLast} then null else window_to end,
      page_token = ${page.next_page_token},
      last_finished_at = case when ${isLast} then now() else last_finished_at end,
      last_error_code = null, last_error = null,
      seen = seen + ${page.seen}, calls = calls + ${page.calls},
      missed = missed + ${page.missed}, last_missed_at = case when ${page.missed} > 0 then now() else last_missed_at end
    where channel_id = ${channelId} and kind = 'orders' and window_to = ${to} and page_token is not distinct from ${page_token}`.execute(db);
  return result.numAffectedRows === 1n;
}

/** TikTok no longer knows the page: the list begins again with what came after the last page that was taken. */
export async function restartOrderWindow(db: Db, channelId: string, window: OrderWindow, overlapMs: number): Promise<OrderWindow | null> {
  const { rows } = await sql<{ window_from: Date }>`
    update shop_sync_cursors set page_token = null, window_from = greatest(window_from, cursor - ${overlapMs / 1_000}::float8 * interval '1 second')
    where channel_id = ${channelId} and kind = 'orders' and window_to = ${window.to} and page_token is not distinct from ${window.page_token}
    returning window_from`.execute(db);
  return rows[0] ? { ...window, from: rows[0].window_from, page_token: null } : null;
}

/** Begins a run of a part that is done in one piece. A repeat for the same time changes nothing. */
export async function beginSync(db: Db, channelId: string, kind: Exclude<SyncKind, 'orders'>, now: Date, overlapMs: number): Promise<SyncRange> {
  const { rows } = await sql<{ cursor: Date | null }>`
    insert into shop_sync_cursors (channel_id, kind, window_to, last_started_at, runs) values (${channelId}, ${kind}, ${now}, ${now}, 1)
    on conflict (channel_id, kind) do update set
      runs = shop_sync_cursors.runs + (shop_sync_cursors.last_started_at is distinct from excluded.last_started_at)::int,
      window_to = excluded.window_to, last_started_at = excluded.last_started_at
    returning cursor`.execute(db);
  const cursor = rows[0]?.cursor ?? null;
  return { from_ms: cursor && cursor.getTime() - overlapMs, to_ms: now.getTime() };
}

/** A part that was begun for this time is done; a repeat changes nothing. */
export async function finishSync(db: Db, channelId: string, kind: Exclude<SyncKind, 'orders'>, to: Date, { seen, missed, calls }: SyncCounts): Promise<void> {
  await sql`
    update shop_sync_cursors set
      cursor = greatest(cursor, window_to), window_to = null, last_finished_at = now(), last_error_code = null, last_error = null,
      seen = seen + ${seen}, calls = calls + ${calls},
      missed = missed + ${missed}, last_missed_at = case when ${missed} > 0 then now() else last_missed_at end
    where channel_id = ${channelId} and kind = ${kind} and window_to = ${to}`.execute(db);
}

/** Says why a part has failed; where it stands is kept. */
export async function noteSyncFailure(db: Db, channelId: string, kind: SyncKind, { code, reason }: { code: ErrorCode; reason: string }, calls = 0): Promise<void> {
  await sql`
    insert into shop_sync_cursors (channel_id, kind, last_started_at, last_error_code, last_error, calls) values (${channelId}, ${kind}, now(), ${code}, ${withoutNul(reason)}, ${calls})
    on conflict (channel_id, kind) do update set
      last_error_code = excluded.last_error_code, last_error = excluded.last_error, calls = shop_sync_cursors.calls + excluded.calls`.execute(db);
}

export const listSyncCursors = (db: Db, channelId: string): Promise<SyncCursorRow[]> =>
  db.selectFrom('shop_sync_cursors').selectAll().where('channel_id', '=', channelId).execute();

/** Of these subjects those that a webhook has told, and when TikTok sent the newest. */
export async function newestWebhooks(db: Db, channelId: string, subjects: readonly string[]): Promise<Map<string, Date>> {
  if (subjects.length === 0) return new Map();
  const { rows } = await sql<{ subject: string; sent_at: Date }>`
    select subject, max(sent_at) as sent_at from shop_webhooks where channel_id = ${channelId} and subject = any(${subjects}::text[]) group by subject`.execute(db);
  return new Map(rows.map(({ subject, sent_at }) => [subject, sent_at]));
}

/** PostgreSQL takes no NUL in a text. */
const withoutNul = (text: string): string => text.replaceAll('\0', '\uFFFD');
