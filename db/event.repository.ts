import { sql } from 'kysely';
import type { EventType, LiveEvent } from '../domain/contracts/live-event.ts';
import type { Db } from './client.ts';
import type { Row } from './schema.ts';

export type EventRow = Row<'events'>;

/** The event as everybody outside sees it: the columns, with the type's own fields spread flat beside them. */
export function toLiveEvent(row: EventRow): LiveEvent {
  return {
    id: row.id,
    type: row.type,
    livestream_id: row.livestream_id,
    msg_id: row.msg_id,
    position: row.position,
    occurred_at: row.occurred_at.toISOString(),
    received_at: row.received_at.toISOString(),
    is_history: row.is_history,
    user_id: row.user_id,
    ...row.data,
  } as unknown as LiveEvent;
}

export interface EventQuery {
  livestream_id: string;
  types?: readonly EventType[];
  order: 'asc' | 'desc';
  /** Start behind this position, in the direction of `order`. */
  beyond?: number;
  limit: number;
}

/** Events of one livestream by position; the caller has checked whose livestream it is. */
export function listEvents(db: Db, { livestream_id, types, order, beyond, limit }: EventQuery): Promise<EventRow[]> {
  return db
    .selectFrom('events')
    .selectAll()
    .where('livestream_id', '=', livestream_id)
    .$if(types !== undefined, (query) => query.where('type', 'in', types ?? []))
    .$if(beyond !== undefined, (query) => query.where('position', order === 'asc' ? '>' : '<', beyond ?? 0))
    .orderBy('position', order)
    .limit(limit)
    .execute();
}

export function findEvent(db: Db, workspaceId: string, id: string): Promise<EventRow | undefined> {
  return db
    .selectFrom('events')
    .innerJoin('livestreams', 'livestreams.id', 'events.livestream_id')
    .selectAll('events')
    .where('events.id', '=', id)
    .where('livestreams.workspace_id', '=', workspaceId)
    .executeTakeFirst();
}

/** A stretch of one livestream's positions, both ends included. */
export interface EventRange {
  /** Handed back with each event of the range. */
  seq: number;
  livestream_id: string;
  from: number;
  to: number;
}

/** The events of several ranges in one round trip, ordered by seq and then position. */
export async function readRanges(db: Db, ranges: readonly EventRange[]): Promise<(EventRow & { seq: number })[]> {
  if (ranges.length === 0) return [];
  const column = <K extends keyof EventRange>(key: K): EventRange[K][] => ranges.map((range) => range[key]);
  const { rows } = await sql<EventRow & { seq: number }>`
    select r.seq, e.*
    from unnest(${column('seq')}::bigint[], ${column('livestream_id')}::uuid[], ${column('from')}::bigint[], ${column('to')}::bigint[])
      as r (seq, livestream_id, first, last)
    cross join lateral (
      select * from events where events.livestream_id = r.livestream_id and events.position between r.first and r.last order by position
    ) as e
    order by r.seq, e.position`.execute(db);
  return rows;
}
