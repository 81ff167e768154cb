import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { engagementLevel, FEED, feedScore } from '../../domain/social/ranking.ts';

const counts = fc.record({ views: fc.nat(100_000_000), likes: fc.nat(10_000_000), comments: fc.nat(1_000_000), shares: fc.nat(1_000_000) });
const ranked = fc.record({ age_h: fc.double({ min: 0, max: 10_000, noNaN: true }), engagement: fc.nat(60), followed: fc.boolean() });

test('whatever people do more of, the level never falls', () => {
  fc.assert(
    fc.property(counts, fc.constantFrom('views', 'likes', 'comments', 'shares' as const), fc.nat(1_000_000), (before, what, more) => {
      expect(engagementLevel({ ...before, [what]: before[what as keyof typeof before] + more })).toBeGreaterThanOrEqual(engagementLevel(before));
    }),
  );
});

test('a level is half a doubling: one more of anything rarely moves it', () => {
  const level = (views: number): number => engagementLevel({ views, likes: 0, comments: 0, shares: 0 });
  expect([level(0), level(1), level(3), level(1_048_575), level(2_097_151)]).toEqual([0, 2, 4, 40, 42]);
  const moves = Array.from({ length: 10_000 }, (_, views) => Number(level(views + 1) !== level(views))).reduce((sum, one) => sum + one);
  expect(moves).toBeLessThan(30);
});

test('younger, followed and more engaging is never worth less', () => {
  fc.assert(
    fc.property(ranked, fc.double({ min: 0, max: 100, noNaN: true }), fc.nat(20), (video, hours, more) => {
      const score = feedScore(video);
      expect(feedScore({ ...video, age_h: video.age_h + hours })).toBeLessThanOrEqual(score);
      expect(feedScore({ ...video, engagement: video.engagement + more })).toBeGreaterThanOrEqual(score);
      expect(feedScore({ ...video, followed: true })).toBeGreaterThanOrEqual(score);
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(FEED.weights.fresh + FEED.weights.engaging + FEED.weights.followed);
    }),
  );
});

test('followed and fresh is above old and ignored, however the rest stands', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 12, noNaN: true }), fc.double({ min: 48, max: 10_000, noNaN: true }), fc.nat(60), (freshAge, oldAge, engagement) => {
      expect(feedScore({ age_h: freshAge, engagement: 0, followed: true })).toBeGreaterThan(feedScore({ age_h: oldAge, engagement: Math.min(engagement, 60), followed: false }));
    }),
  );
});
