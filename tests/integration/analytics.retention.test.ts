import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { adoptPublishedVideos, recordVideoSamples } from '../../db/metrics.repository.ts';
import { thinMetrics } from '../../db/metrics-retention.ts';
import type { PlanTier } from '../../domain/plans.ts';
import { newVideoId, seedAccount, seedPublishedPost } from '../helpers/analytics.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { seedWorkspace } from '../helpers/seed.ts';

const NOW = new Date('2026-06-01T12:00:00Z');

describe('The metrics tables', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const sampledPost = async (plan_tier: PlanTier = 'free') => {
    const { workspace_id } = await seedWorkspace(database.db, { plan_tier });
    const social_account_id = await seedAccount(database.db, workspace_id);
    const video_id = newVideoId();
    const post_id = await seedPublishedPost(database.db, { workspace_id, social_account_id }, [video_id], { published_at: NOW });
    await adoptPublishedVideos(database.db, workspace_id, social_account_id, NOW);
    return { workspace_id, social_account_id, video_id, post_id };
  };
  const keep = async (post: Awaited<ReturnType<typeof sampledPost>>, times: string[]) => {
    const { social_account_id, video_id, post_id } = post;
    const rows = times.map((at, view_count) => ({ social_account_id, video_id, post_id, at, view_count, like_count: 0, comment_count: 0, share_count: 0 }));
    await database.db.insertInto('post_metrics').values(rows).execute();
    const accounts = times.map((at, follower_count) => ({ social_account_id, at, follower_count, following_count: 0, likes_count: 0, video_count: 0 }));
    await database.db.insertInto('account_metrics').values(accounts).execute();
  };
  const kept = async ({ social_account_id, post_id }: { social_account_id: string; post_id: string }) => {
    const videos = await database.db.selectFrom('post_metrics').select('at').where('post_id', '=', post_id).orderBy('at').execute();
    const account = await database.db.selectFrom('account_metrics').select('at').where('social_account_id', '=', social_account_id).orderBy('at').execute();
    expect(account).toEqual(videos);
    return videos.map(({ at }) => at.toISOString());
  };

  test('keep of what is older than the plan’s retention the last sample of each day, and the rest whole', async () => {
    const post = await sampledPost();
    await keep(post, ['2026-04-01T00:00:00Z', '2026-04-01T12:00:00Z', '2026-04-01T23:59:59.999Z', '2026-04-02T00:00:00Z', '2026-05-02T11:00:00Z', '2026-05-02T13:00:00Z', '2026-05-30T00:00:00Z', '2026-05-30T01:00:00Z']);
    const other = await sampledPost('pro');
    await keep(other, ['2026-04-01T00:00:00Z', '2026-04-01T12:00:00Z']);

    expect(await thinMetrics(database.db, 'free', NOW)).toBe(6);
    expect(await thinMetrics(database.db, 'free', NOW)).toBe(0);
    // 2 May at 11:00 is 30 days and an hour ago; a later sample of its day is younger than that, and stays.
    expect(await kept(post)).toEqual(['2026-04-01T23:59:59.999Z', '2026-04-02T00:00:00.000Z', '2026-05-02T13:00:00.000Z', '2026-05-30T00:00:00.000Z', '2026-05-30T01:00:00.000Z']);
    expect(await kept(other)).toHaveLength(2);
  });

  test('take one answer of TikTok once, however many attempts bring it at the same time', async () => {
    const { social_account_id, video_id, post_id, workspace_id } = await sampledPost();
    const missing = newVideoId();
    await seedPublishedPost(database.db, { workspace_id, social_account_id }, [missing], { published_at: NOW });
    await adoptPublishedVideos(database.db, workspace_id, social_account_id, NOW);
    const next_sample_at = new Date(NOW.getTime() + 900_000);
    const counts = { view_count: 1, like_count: 1, comment_count: 1, share_count: 1 };
    const answer = { at: NOW, due: NOW, misses_until_gone: 2, samples: [{ video_id, next_sample_at, counts }, { video_id: missing, next_sample_at, counts: null }] };
    const written = await Promise.all(Array.from({ length: 8 }, () => recordVideoSamples(database.db, social_account_id, answer)));
    expect(written.reduce((sum, { rows }) => sum + rows, 0)).toBe(1);
    const rows = await database.db.selectFrom('sampled_videos').select(['video_id', 'misses', 'gone_at']).where('social_account_id', '=', social_account_id).orderBy('video_id').execute();
    expect(rows).toEqual([
      { video_id, misses: 0, gone_at: null },
      { video_id: missing, misses: 1, gone_at: null },
    ]);
    expect(await database.db.selectFrom('post_metrics').select('view_count').where('post_id', '=', post_id).execute()).toEqual([{ view_count: 1 }]);
  });

  test('hold numbers beyond 32 bits', async () => {
    const { social_account_id, video_id, post_id } = await sampledPost();
    const counts = { view_count: 5_000_000_000, like_count: 1, comment_count: 1, share_count: 1 };
    await recordVideoSamples(database.db, social_account_id, { at: NOW, due: NOW, misses_until_gone: 2, samples: [{ video_id, next_sample_at: null, counts }] });
    expect(await database.db.selectFrom('post_metrics').select('view_count').where('post_id', '=', post_id).execute()).toEqual([{ view_count: 5_000_000_000 }]);
  });
});
