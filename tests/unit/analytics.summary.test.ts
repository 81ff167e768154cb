import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { whyPostIsNotSampled, type MeasuredPost } from '../../domain/analytics/no-numbers.ts';
import { bestHours, bestPosts, followerGrowth, gainsBefore, gainsByPost, gainsOf, growth, periodOf, type VideoHistory } from '../../domain/analytics/summary.ts';
import { timeZone } from '../../domain/analytics/time-zone.ts';

const from = new Date('2026-02-01T00:00:00Z');
const to = new Date('2026-02-08T00:00:00Z');
const period = periodOf(from, to);
const counts = (view_count: number, like_count = 0, comment_count = 0, share_count = 0) => ({ view_count, like_count, comment_count, share_count });
const video = (over: Partial<VideoHistory>): VideoHistory => ({
  post_id: 'post',
  video_id: 'video',
  published_at: new Date('2026-01-20T00:00:00Z'),
  first: null,
  at_before: null,
  at_from: null,
  at_to: null,
  ...over,
});
const first = (iso: string, views: number) => ({ at: new Date(iso), ...counts(views) });

describe('A period', () => {
  test('is compared with the one of the same length right before it', () => {
    expect(period.before).toBe(Date.parse('2026-01-25T00:00:00Z'));
  });
});

describe('What a video gained', () => {
  test('is the difference between the ends of the period', () => {
    const sampled = video({ first: first('2026-01-20T00:15:00Z', 5), at_before: counts(100), at_from: counts(150, 10), at_to: counts(210, 13, 2, 1) });
    expect(gainsOf(sampled, period)).toEqual({ views: 60, likes: 3, comments: 2, shares: 1, engagement: 6 });
    expect(gainsBefore(sampled, period)).toMatchObject({ views: 50, likes: 10 });
  });

  test('is all it has where it was published in the period', () => {
    const fresh = video({ published_at: new Date('2026-02-03T00:00:00Z'), first: first('2026-02-03T01:00:00Z', 40), at_to: counts(90) });
    expect(gainsOf(fresh, period).views).toBe(90);
    expect(gainsBefore(fresh, period).views).toBe(0);
  });

  test('counts from the first sample where it was published before its sampling began', () => {
    expect(gainsOf(video({ first: first('2026-02-02T00:00:00Z', 1_000), at_to: counts(1_010) }), period).views).toBe(10);
  });

  test('is nothing where it was never sampled', () => {
    expect(gainsOf(video({}), period)).toEqual({ views: 0, likes: 0, comments: 0, shares: 0, engagement: 0 });
  });

  test('adds up over the videos of one post', () => {
    const [one] = gainsByPost([video({ at_from: counts(1), at_to: counts(4) }), video({ video_id: 'other', at_from: counts(0), at_to: counts(5) })], period);
    expect(one?.gained.views).toBe(8);
  });
});

describe('Growth', () => {
  test.each([
    [150, 100, 50, 50],
    [50, 100, -50, -50],
    [1, 3, -2, -66.7],
    [5, 0, 5, null],
    [0, 0, 0, null],
    [5, -10, 15, 150],
  ])('from %d beside %d is %d, %d percent', (value, previous, change, change_percent) => {
    expect(growth(value, previous)).toEqual({ value, previous, change, change_percent });
  });

  test('has a sign that is the same in numbers and in percent', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000, max: 1_000 }), fc.integer({ min: -1_000, max: 1_000 }).filter((base) => base !== 0), (value, base) => {
        const { change, change_percent } = growth(value, base);
        expect(Math.sign(change_percent!)).toBe(Math.sign(change));
      }),
    );
  });

  test('of followers is that of all accounts that were sampled; without any it is unknown', () => {
    expect(
      followerGrowth([
        { at_from: 100, first_in_period: 101, at_to: 130 },
        { at_from: null, first_in_period: 50, at_to: 60 },
        { at_from: null, first_in_period: null, at_to: null },
      ]),
    ).toEqual({ value: 190, previous: 150, change: 40, change_percent: 26.7 });
    expect(followerGrowth([{ at_from: null, first_in_period: null, at_to: null }])).toBeNull();
  });
});

describe('The best posts', () => {
  const post = (post_id: string, views: number, likes: number, day = 1) => ({
    post_id,
    published_at: new Date(Date.UTC(2026, 1, day)),
    gained: { views, likes, comments: 0, shares: 0, engagement: likes },
  });
  const ids = (by: 'views' | 'likes', top = 10): string[] =>
    bestPosts([post('a', 5, 9), post('b', 7, 1), post('c', 7, 0, 2), post('d', 0, 0), post('e', -3, 2)], by, top).map(({ post_id }) => post_id);

  test('are those that gained most, the younger first where equal, and none that gained nothing', () => {
    expect(ids('views')).toEqual(['c', 'b', 'a']);
    expect(ids('likes')).toEqual(['a', 'e', 'b']);
    expect(ids('views', 1)).toEqual(['c']);
  });
});

describe('The best hours', () => {
  const published = (iso: string, views: number) => video({ published_at: new Date(iso), at_to: counts(views) });
  const videos = [
    published('2026-02-01T17:10:00Z', 100),
    published('2026-02-02T17:50:00Z', 300),
    published('2026-02-03T09:00:00Z', 150),
    published('2026-01-31T23:59:59Z', 9_999),
    published('2026-02-08T00:00:00Z', 9_999),
    video({ published_at: new Date('2026-02-03T04:00:00Z') }),
  ];

  test('are those of publication in the period, by the mean of views, on the clock of the time zone', () => {
    expect(bestHours(videos, period, timeZone('UTC')!)).toEqual([
      { hour: 17, videos: 2, mean_views: 200 },
      { hour: 9, videos: 1, mean_views: 150 },
    ]);
    expect(bestHours(videos, period, timeZone('Asia/Tokyo')!).map(({ hour }) => hour)).toEqual([2, 18]);
  });
});

describe('A post without new numbers says why', () => {
  const now = new Date('2026-02-01T00:00:00Z');
  const live = { published_at: new Date('2026-01-01T00:00:00Z'), gone_at: null };
  const post: MeasuredPost = { state: 'published', privacy_level: 'PUBLIC_TO_EVERYONE', account: { state: 'connected', scopes: ['video.list'] }, videos: [live] };
  test.each<[Partial<MeasuredPost>, string | null]>([
    [{}, null],
    [{ account: { state: 'expiring', scopes: ['video.list'] } }, null],
    [{ account: { state: 'disconnected', scopes: ['video.list'] } }, 'The account is disconnected'],
    [{ account: { state: 'reconnect_needed', scopes: ['video.list'] } }, 'ended the consent'],
    [{ account: { state: 'connected', scopes: ['user.info.basic'] } }, 'without video.list (post statistics'],
    [{ videos: [], state: 'uploading' }, 'not published yet'],
    [{ videos: [], privacy_level: 'SELF_ONLY' }, 'public posts only'],
    [{ videos: [] }, 'has not told the id'],
    [{ videos: [], privacy_level: null }, 'has not told the id'],
    [{ videos: [{ ...live, gone_at: now }] }, 'no longer returns'],
    [{ videos: [{ ...live, gone_at: now }, live] }, null],
    [{ videos: [{ ...live, published_at: new Date('2024-01-01T00:00:00Z') }] }, 'over a year ago'],
  ])('%j', (over, reason) => {
    const said = whyPostIsNotSampled({ ...post, ...over }, now);
    if (reason === null) expect(said).toBeNull();
    else expect(said).toContain(reason);
  });
});
