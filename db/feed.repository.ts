import type { LiveEvent } from '../domain/contracts/live-event.ts';
import type { ShopEvent } from '../domain/contracts/shop-event.ts';
import type { SocialEvent } from '../domain/contracts/social-event.ts';
import type { Db } from './client.ts';
import { readRanges, toLiveEvent, type EventRange } from './event.repository.ts';
import type { Row } from './schema.ts';
import { readShopEvents } from './shop-event.repository.ts';
import { readSocialEvents } from './social-event.repository.ts';

/** How far a follower has read: everything up to `seq`, or, where `position` is given, a part of `seq`'s own events. */
export interface FeedCursor {
  seq: number;
  position: number | null;
}

export interface FeedNotification {
  type: 'notification';
  id: string;
  message: string;
  action_id: string | null;
  created_at: string;
}

export interface FeedEntry {
  seq: number;
  livestream_id: string | null;
  item: LiveEvent | ShopEvent | SocialEvent | FeedNotification;
}

export interface FeedPage {
  entries: FeedEntry[];
  next: FeedCursor;
  /** What follows the cursor is there no more (retention): the page starts with the oldest that is. */
  skipped: boolean;
}

const ROWS_A_PAGE = 100;

/**
 * The oldest seq that is kept (null: none), and the newest that there ever was (0: nothing has happened). One statement:
 * a first entry stored between two would look like a feed whose entries have all expired.
 */
export async function feedBounds(db: Db, workspaceId: string): Promise<{ oldest: number | null; head: number }> {
  const { oldest, head } = await db
    .selectNoFrom((eb) => [
      eb.selectFrom('workspace_feed').select('seq').where('workspace_id', '=', workspaceId).orderBy('seq').limit(1).as('oldest'),
      eb.selectFrom('workspace_feed_heads').select('seq').where('workspace_id', '=', workspaceId).as('head'),
    ])
    .executeTakeFirstOrThrow();
  return { oldest, head: head ?? 0 };
}

export async function feedHeads(db: Db, workspaceIds: readonly string[]): Promise<Map<string, number>> {
  if (workspaceIds.length === 0) return new Map();
  const rows = await db.selectFrom('workspace_feed_heads').selectAll().where('workspace_id', 'in', workspaceIds).execute();
  return new Map(rows.map(({ workspace_id, seq }) => [workspace_id, seq]));
}

/** What follows `after`, at most `limit` entries; an empty page has `next` equal to `after`. */
export async function readFeed(db: Db, workspaceId: string, after: FeedCursor, limit: number): Promise<FeedPage> {
  const rows = await db
    .selectFrom('workspace_feed')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('seq', after.position === null ? '>' : '>=', after.seq)
    .orderBy('seq')
    .limit(ROWS_A_PAGE)
    .execute();
  if (rows.length === 0) return { entries: [], next: after, skipped: false };

  const plan = planPage(rows, after, limit);
  const [events, notifications, shopEvents, socialEvents] = await Promise.all([
    readRanges(db, plan.ranges),
    readNotifications(db, plan.notifications),
    readShopEntries(db, plan.shopEvents),
    readSocialEntries(db, plan.socialEvents),
  ]);
  const entries: FeedEntry[] = [
    ...events.map((row) => ({ seq: row.seq, livestream_id: row.livestream_id, item: toLiveEvent(row) })),
    ...notifications,
    ...shopEvents,
    ...socialEvents,
  ].sort((a, b) => a.seq - b.seq);
  const expected = after.position === null ? after.seq + 1 : after.seq;
  return { entries, next: plan.next, skipped: (rows[0]?.seq ?? expected) > expected };
}

interface PagePlan {
  ranges: EventRange[];
  notifications: Row<'workspace_feed'>[];
  shopEvents: Row<'workspace_feed'>[];
  socialEvents: Row<'workspace_feed'>[];
  next: FeedCursor;
}

/** Entries that are one thing each. */
const SINGLE = { notification: 'notifications', shop_event: 'shopEvents', social_event: 'socialEvents' } as const;

function planPage(rows: readonly Row<'workspace_feed'>[], after: FeedCursor, limit: number): PagePlan {
  const plan: PagePlan = { ranges: [], notifications: [], shopEvents: [], socialEvents: [], next: after };
  let room = limit;
  for (const row of rows) {
    if (room === 0) break;
    if (row.kind !== 'events') {
      plan[SINGLE[row.kind]].push(row);
      room -= 1;
    } else if (row.livestream_id !== null && row.first_position !== null && row.last_position !== null) {
      const resumed = after.position !== null && row.seq === after.seq ? after.position + 1 : row.first_position;
      const to = Math.min(row.last_position, resumed + room - 1);
      if (to >= resumed) plan.ranges.push({ seq: row.seq, livestream_id: row.livestream_id, from: resumed, to });
      room -= Math.max(0, to - resumed + 1);
      if (to < row.last_position) return { ...plan, next: { seq: row.seq, position: to } };
    }
    plan.next = { seq: row.seq, position: null };
  }
  return plan;
}

async function readNotifications(db: Db, rows: readonly Row<'workspace_feed'>[]): Promise<FeedEntry[]> {
  const ids = rows.flatMap((row) => row.notification_id ?? []);
  if (ids.length === 0) return [];
  const found = await db.selectFrom('notifications').selectAll().where('id', 'in', ids).execute();
  const byId = new Map(found.map((notification) => [notification.id, notification]));
  return rows.flatMap((row) => {
    const notification = byId.get(row.notification_id ?? '');
    if (!notification) return [];
    const { id, message, action_id, created_at } = notification;
    return {
      seq: row.seq,
      livestream_id: row.livestream_id,
      item: { type: 'notification' as const, id, message, action_id, created_at: created_at.toISOString() },
    };
  });
}

async function readShopEntries(db: Db, rows: readonly Row<'workspace_feed'>[]): Promise<FeedEntry[]> {
  const byId = await readShopEvents(
    db,
    rows.flatMap((row) => row.shop_event_id ?? []),
  );
  return rows.flatMap(({ seq, shop_event_id }) => {
    const item = byId.get(shop_event_id ?? '');
    return item ? { seq, livestream_id: null, item } : [];
  });
}

async function readSocialEntries(db: Db, rows: readonly Row<'workspace_feed'>[]): Promise<FeedEntry[]> {
  const byId = await readSocialEvents(
    db,
    rows.flatMap((row) => row.social_event_id ?? []),
  );
  return rows.flatMap(({ seq, social_event_id }) => {
    const item = byId.get(social_event_id ?? '');
    return item ? { seq, livestream_id: null, item } : [];
  });
}
