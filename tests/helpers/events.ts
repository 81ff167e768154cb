import { sql } from 'kysely';
import type { Db } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import type { EventType } from '../../domain/contracts/live-event.ts';
import type { Json } from '../../domain/contracts/rule.ts';
import { CHANNELS } from '../../domain/names.ts';

export interface EventDraft {
  type: EventType;
  user_id?: string | null;
  data?: { [key: string]: Json };
  occurred_at?: Date;
  received_at?: Date;
  is_history?: boolean;
}

export interface Place {
  workspace_id: string;
  livestream_id: string;
}

export interface InsertedEvents {
  seq: number;
  /** In the order of their positions. */
  ids: string[];
  first_position: number;
}

export interface InsertOptions {
  /** false: as if the hint was lost. */
  notify?: boolean;
  /** Runs after the events and before the feed row: transactions can be made to overtake each other here. */
  beforeFeed?: () => Promise<void>;
  /** Runs when all is written and nothing committed. */
  beforeCommit?: () => Promise<void>;
}

/** A batch of events as the consumer stores it: positions under the livestream's lock, the feed row last. */
export async function insertEvents(
  db: Db,
  { workspace_id, livestream_id }: Place,
  drafts: readonly EventDraft[],
  options: InsertOptions = {},
): Promise<InsertedEvents> {
  const inserted = await db.transaction().execute(async (trx) => {
    const { last_position } = await trx
      .updateTable('livestreams')
      .set((eb) => ({ last_position: eb('last_position', '+', drafts.length), total_events: eb('total_events', '+', drafts.length) }))
      .where('id', '=', livestream_id)
      .returning('last_position')
      .executeTakeFirstOrThrow();
    const first_position = last_position - drafts.length + 1;
    const rows = drafts.map((draft, index) => eventRow(livestream_id, first_position + index, draft));
    await trx.insertInto('events').values(rows).execute();
    await options.beforeFeed?.();
    const { seq } = await trx
      .insertInto('workspace_feed_heads')
      .values({ workspace_id, seq: 1 })
      .onConflict((conflict) => conflict.column('workspace_id').doUpdateSet({ seq: sql`workspace_feed_heads.seq + 1` }))
      .returning('seq')
      .executeTakeFirstOrThrow();
    await trx
      .insertInto('workspace_feed')
      .values({ workspace_id, seq, kind: 'events', livestream_id, first_position, last_position, notification_id: null })
      .execute();
    await options.beforeCommit?.();
    return { seq, ids: rows.map(({ id }) => id), first_position };
  });
  if (options.notify !== false) await sql`select pg_notify(${CHANNELS.feed}, ${workspace_id})`.execute(db);
  return inserted;
}

function eventRow(
  livestream_id: string,
  position: number,
  { type, user_id = null, data = {}, occurred_at, received_at, is_history = false }: EventDraft,
) {
  const received = received_at ?? new Date();
  return {
    id: newId(),
    livestream_id,
    position,
    type,
    msg_id: newId(),
    occurred_at: occurred_at ?? received,
    received_at: received,
    is_history,
    user_id,
    data: JSON.stringify({ username: null, nickname: null, avatar_url: null, ...data }),
  };
}

export const comment = (text: string, over: Partial<EventDraft> = {}): EventDraft => ({
  type: 'comment',
  user_id: '1',
  ...over,
  data: { username: 'ann', nickname: 'Ann', comment: text, language: 'en', ...over.data },
});

/** A gift that does not streak. */
export const gift = (diamond_count: number, over: Partial<EventDraft> = {}): EventDraft => ({
  type: 'gift',
  user_id: '1',
  ...over,
  data: {
    username: 'ann',
    nickname: 'Ann',
    gift_id: '5655',
    gift_name: 'Rose',
    diamond_count,
    repeat_count: 1,
    total_diamonds: diamond_count,
    streak_id: null,
    streak_status: 'single',
    increment: 1,
    increment_diamonds: diamond_count,
    ...over.data,
  },
});

export const like = (like_count: number, over: Partial<EventDraft> = {}): EventDraft => ({
  type: 'like',
  user_id: '1',
  ...over,
  data: { like_count, total_likes: like_count, ...over.data },
});

/** An in-app notification with its place in the feed. @returns its id */
export async function insertNotification(db: Db, workspace_id: string, message: string): Promise<string> {
  const id = newId();
  await db.transaction().execute(async (trx) => {
    await trx.insertInto('notifications').values({ id, workspace_id, action_id: null, message }).execute();
    const { seq } = await trx
      .insertInto('workspace_feed_heads')
      .values({ workspace_id, seq: 1 })
      .onConflict((conflict) => conflict.column('workspace_id').doUpdateSet({ seq: sql`workspace_feed_heads.seq + 1` }))
      .returning('seq')
      .executeTakeFirstOrThrow();
    await trx
      .insertInto('workspace_feed')
      .values({
        workspace_id,
        seq,
        kind: 'notification',
        livestream_id: null,
        first_position: null,
        last_position: null,
        notification_id: id,
      })
      .execute();
  });
  await sql`select pg_notify(${CHANNELS.feed}, ${workspace_id})`.execute(db);
  return id;
}
