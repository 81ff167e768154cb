import type { GapWindow, RecoveredCount } from '../db/livestream-report.repository.ts';
import type { LivestreamRow } from '../db/livestream.repository.ts';
import type { Row } from '../db/schema.ts';
import type { RoomTotals } from '../domain/contracts/live-event.ts';

type Connection = Row<'livestream_connections'>;

export interface Gap extends GapWindow {
  /** Why the connection before it ended. */
  reason: string | null;
  /** There is no connection yet. */
  ongoing: boolean;
  before: RoomTotals;
  after: RoomTotals;
}

/** Closing a session after its connection takes this long without anything being missed. */
const CLOSING_MS = 2_000;

/** The intervals without a connection: between two of them, and after the last one until the session was given up, or now. */
export function gapsOf(connections: readonly Connection[], livestream: Pick<LivestreamRow, 'status' | 'ended_at'>, now: Date): Gap[] {
  const gaps: Gap[] = [];
  let floor = new Date(0);
  for (const [index, connection] of connections.entries()) {
    const next = connections[index + 1];
    const end = next?.connected_at ?? endWithout(connection, livestream, now);
    if (!connection.disconnected_at || !end) continue;
    // Clocks of two workers may disagree: gaps must stay in order and never turn around.
    const from = later(connection.disconnected_at, floor);
    const to = later(end, from);
    floor = to;
    const ongoing = !next && livestream.ended_at === null;
    gaps.push({
      from,
      to,
      reason: connection.reason,
      ongoing,
      before: totals(connection.totals_at_end),
      after: totals(next?.totals_at_start),
    });
  }
  return gaps;
}

function endWithout(last: Connection, { status, ended_at }: Pick<LivestreamRow, 'status' | 'ended_at'>, now: Date): Date | null {
  if (ended_at === null) return status === 'live' ? null : now;
  return last.disconnected_at && ended_at.getTime() - last.disconnected_at.getTime() > CLOSING_MS ? ended_at : null;
}

export interface GapLosses {
  /** What TikTok replayed after the gap. */
  recovered: { comments: number; gifts: number; likes: number; joins: number; follows: number; shares: number };
  /** By how much TikTok's running totals grew beyond that; null where TikTok did not state them. */
  missed: { likes: number | null; follows: number | null; shares: number | null };
}

/** What a gap cost. TikTok states no running totals of comments, gifts and joins: their losses are unknown. */
export function lossesOf(gap: Gap, recovered: readonly RecoveredCount[]): GapLosses {
  const amount = (type: string): number => recovered.find((count) => count.type === type)?.amount ?? 0;
  const missed = (before: number | undefined, after: number | undefined, type: string): number | null =>
    before === undefined || after === undefined ? null : Math.max(0, after - before - amount(type));
  return {
    recovered: {
      comments: amount('comment'),
      gifts: amount('gift'),
      likes: amount('like'),
      joins: amount('join'),
      follows: amount('follow'),
      shares: amount('share'),
    },
    missed: {
      likes: missed(gap.before.likes, gap.after.likes, 'like'),
      follows: missed(gap.before.followers, gap.after.followers, 'follow'),
      shares: missed(gap.before.shares, gap.after.shares, 'share'),
    },
  };
}

const later = (a: Date, b: Date): Date => (a.getTime() < b.getTime() ? b : a);
const totals = (stated: unknown): RoomTotals => (typeof stated === 'object' && stated !== null ? stated : {});
