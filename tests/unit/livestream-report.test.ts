import { describe, expect, test } from '@jest/globals';
import { gapsOf, lossesOf } from '../../api/livestream-report.ts';
import type { Row } from '../../db/schema.ts';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 31, 20, 0, seconds));
const now = at(1_000);

const connection = (
  from: number,
  to: number | null,
  totals_at_end: object = {},
  totals_at_start: object = {},
): Row<'livestream_connections'> => ({
  id: 'c',
  livestream_id: 'l',
  connected_at: at(from),
  disconnected_at: to === null ? null : at(to),
  reason: null,
  totals_at_start: totals_at_start as never,
  totals_at_end: totals_at_end as never,
  decode_failures: 0,
  dropped_events: 0,
});

const spans = (...input: Parameters<typeof gapsOf>) =>
  gapsOf(...input).map(({ from, to, ongoing }) => [from.getTime(), to.getTime(), ongoing]);
const span = (from: number, to: number, ongoing = false) => [at(from).getTime(), at(to).getTime(), ongoing];
const live = { status: 'live', ended_at: null } as const;

describe('gaps', () => {
  test('lie between connections, and not after one that stands', () => {
    expect(spans([connection(0, 10), connection(20, null)], live, now)).toEqual([span(10, 20)]);
    expect(spans([], live, now)).toEqual([]);
  });

  test('are open while a session waits or reconnects', () => {
    expect(spans([connection(0, 10)], { status: 'reconnecting', ended_at: null }, now)).toEqual([span(10, 1_000, true)]);
  });

  test('reach to the end of a session that was given up, but closing one is none', () => {
    expect(spans([connection(0, 10)], { status: 'failed', ended_at: at(70) }, now)).toEqual([span(10, 70)]);
    expect(spans([connection(0, 10)], { status: 'ended', ended_at: at(11) }, now)).toEqual([]);
  });

  test('never turn around or overlap when the clocks of workers disagree', () => {
    expect(spans([connection(0, 30), connection(25, 40), connection(38, 39), connection(50, null)], live, now)).toEqual([
      span(30, 30),
      span(40, 40),
      span(40, 50),
    ]);
  });
});

describe('losses', () => {
  const gap = { from: at(10), to: at(20), reason: null, ongoing: false };

  test('are what the totals grew by, less what was replayed, and never negative', () => {
    const { missed, recovered } = lossesOf(
      { ...gap, before: { likes: 100, followers: 10, shares: 5 }, after: { likes: 160, followers: 12, shares: 4 } },
      [
        { window: 0, type: 'like', amount: 25 },
        { window: 0, type: 'follow', amount: 3 },
        { window: 0, type: 'comment', amount: 8 },
      ],
    );
    expect(missed).toEqual({ likes: 35, follows: 0, shares: 0 });
    expect(recovered).toEqual({ comments: 8, gifts: 0, likes: 25, joins: 0, follows: 3, shares: 0 });
  });

  test('are unknown where TikTok stated no total on one side', () => {
    expect(lossesOf({ ...gap, before: { likes: 100 }, after: { followers: 3 } }, []).missed).toEqual({
      likes: null,
      follows: null,
      shares: null,
    });
  });
});
