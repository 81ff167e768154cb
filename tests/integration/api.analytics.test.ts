import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { newVideoId, seedAccount, seedPublishedPost } from '../helpers/analytics.ts';
import { createTestApi, type Answer, type Person, type TestApi } from '../helpers/test-api.ts';

interface Totals {
  view_count: number;
}
interface Metrics {
  from: string;
  to: string;
  no_numbers_because: string | null;
  videos: { video_id: string; gone_at: string | null }[];
  items: { video_id: string; at: string; sampled_at: string; totals: Totals; change: Totals | null }[];
}
interface AccountMetrics {
  no_numbers_because: string | null;
  items: { at: string; totals: { follower_count: number }; change: { follower_count: number } | null }[];
}
interface Growth {
  value: number;
  previous: number;
  change: number;
  change_percent: number | null;
}
interface Best {
  post_id: string;
  caption: string;
  gained: { views: number };
}
interface Summary {
  totals: Record<'views' | 'likes' | 'comments' | 'shares' | 'engagement' | 'posts', Growth> & { followers: Growth | null };
  best_posts: Record<'by_views' | 'by_likes' | 'by_engagement', Best[]>;
  best_hours: { hour: number; videos: number; mean_views: number }[];
}
interface Problem {
  code: string;
  errors: { field: string; message: string }[];
}

let api: TestApi;
let person: Person;
beforeAll(async () => {
  api = await createTestApi();
  person = await api.person();
});
afterAll(() => api.close());

const get = <T>(path: string, query: Record<string, string> = {}, who = person, headers: Record<string, string> = {}): Promise<Answer<T>> =>
  api.call<T>('GET', `${path}?${new URLSearchParams(query).toString()}`, { token: who.token, headers });

const accountOf = async (who: Person, over?: Parameters<typeof seedAccount>[2]) => ({
  workspace_id: who.workspace_id,
  social_account_id: await seedAccount(api.database.db, who.workspace_id, over),
});

/** A post with one video and its samples: [time, views, likes, comments, shares]. */
async function measuredPost(
  account: { workspace_id: string; social_account_id: string },
  published_at: string,
  samples: [string, number, number?, number?, number?][],
  over: Parameters<typeof seedPublishedPost>[3] = {},
): Promise<{ post_id: string; video_id: string }> {
  const { db } = api.database;
  const video_id = newVideoId();
  const { social_account_id } = account;
  const post_id = await seedPublishedPost(db, account, [video_id], { published_at, ...over });
  await db.insertInto('sampled_videos').values({ video_id, social_account_id, post_id, published_at }).execute();
  const rows = samples.map(([at, view_count, like_count = 0, comment_count = 0, share_count = 0]) => ({ social_account_id, video_id, post_id, at, view_count, like_count, comment_count, share_count }));
  if (rows.length > 0) await db.insertInto('post_metrics').values(rows).execute();
  return { post_id, video_id };
}
const followers = (social_account_id: string, samples: [string, number][]) =>
  api.database.db
    .insertInto('account_metrics')
    .values(samples.map(([at, follower_count]) => ({ social_account_id, at, follower_count, following_count: 1, likes_count: 2, video_count: 3 })))
    .execute();

const JANUARY = { from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' };

describe('A post’s metrics', () => {
  test('are its samples in the period, each with what changed since the one before, outside the period too', async () => {
    const account = await accountOf(person);
    const { post_id, video_id } = await measuredPost(account, '2025-12-30T00:00:00Z', [
      ['2025-12-31T23:00:00Z', 5],
      ['2026-01-01T00:00:00Z', 8],
      ['2026-01-01T00:15:00Z', 20],
      ['2026-02-01T00:00:00Z', 99],
    ]);
    const { status, body } = await get<Metrics>(`/api/posts/${post_id}/metrics`, JANUARY);
    expect(status).toBe(200);
    expect(body).toMatchObject({ post_id, social_account_id: account.social_account_id, interval: 'raw', time_zone: 'UTC', from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z', no_numbers_because: null });
    expect(body.videos).toEqual([{ video_id, published_at: '2025-12-30T00:00:00.000Z', gone_at: null }]);
    expect(body.items.map(({ at, totals, change }) => [at, totals.view_count, change?.view_count])).toEqual([
      ['2026-01-01T00:00:00.000Z', 8, 3],
      ['2026-01-01T00:15:00.000Z', 20, 12],
    ]);
  });

  test('come by hour and by day of a time zone, with the last sample of each', async () => {
    const { post_id } = await measuredPost(await accountOf(person), '2026-01-01T00:00:00Z', [
      ['2026-01-01T22:10:00Z', 1],
      ['2026-01-01T22:40:00Z', 4],
      ['2026-01-01T23:10:00Z', 9],
    ]);
    const series = async (query: Record<string, string>) =>
      (await get<Metrics>(`/api/posts/${post_id}/metrics`, { ...JANUARY, ...query })).body.items.map(({ at, sampled_at, totals, change }) => [at, sampled_at, totals.view_count, change?.view_count ?? null]);
    expect(await series({ interval: 'hour' })).toEqual([
      ['2026-01-01T22:00:00.000Z', '2026-01-01T22:40:00.000Z', 4, null],
      ['2026-01-01T23:00:00.000Z', '2026-01-01T23:10:00.000Z', 9, 5],
    ]);
    expect(await series({ interval: 'day' })).toEqual([['2026-01-01T00:00:00.000Z', '2026-01-01T23:10:00.000Z', 9, null]]);
    expect(await series({ interval: 'day', time_zone: 'Europe/Berlin' })).toEqual([
      ['2025-12-31T23:00:00.000Z', '2026-01-01T22:40:00.000Z', 4, null],
      ['2026-01-01T23:00:00.000Z', '2026-01-01T23:10:00.000Z', 9, 5],
    ]);
  });

  test('cover the last 28 days where nothing is asked', async () => {
    const ago = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();
    const { post_id } = await measuredPost(await accountOf(person), ago(40), [
      [ago(29), 1],
      [ago(27), 2],
      [ago(0.01), 3],
    ]);
    const { body } = await get<Metrics>(`/api/posts/${post_id}/metrics`);
    expect(body.items.map(({ totals }) => totals.view_count)).toEqual([2, 3]);
    expect(Date.parse(body.to) - Date.parse(body.from)).toBe(28 * 86_400_000);
  });

  test('say why there are none', async () => {
    const post_id = await seedPublishedPost(api.database.db, await accountOf(person), [], { privacy_level: 'SELF_ONLY' });
    const { body } = await get<Metrics>(`/api/posts/${post_id}/metrics`);
    expect(body).toMatchObject({ items: [], videos: [], no_numbers_because: 'TikTok has numbers of public posts only; this one is not public.' });
  });

  test('are a CSV file for those who ask for one, by format or by Accept', async () => {
    const { post_id, video_id } = await measuredPost(await accountOf(person), '2026-01-01T00:00:00Z', [
      ['2026-01-01T00:00:00Z', 8, 1],
      ['2026-01-01T00:15:00Z', 20, 1],
    ]);
    const text =
      'video_id,at,sampled_at,view_count,like_count,comment_count,share_count,view_count_change,like_count_change,comment_count_change,share_count_change\r\n' +
      `${video_id},2026-01-01T00:00:00.000Z,2026-01-01T00:00:00.000Z,8,1,0,0,,,,\r\n` +
      `${video_id},2026-01-01T00:15:00.000Z,2026-01-01T00:15:00.000Z,20,1,0,0,12,0,0,0\r\n`;
    const path = `/api/posts/${post_id}/metrics`;
    const byFormat = await get<string>(path, { ...JANUARY, format: 'csv' });
    expect([byFormat.status, byFormat.body]).toEqual([200, text]);
    expect(byFormat.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(byFormat.headers.get('content-disposition')).toBe(`attachment; filename="post-${post_id}.csv"`);
    expect((await get<string>(path, JANUARY, person, { accept: 'text/csv' })).body).toBe(text);
    for (const accept of ['*/*', 'application/json, text/csv;q=0.5', 'text/html,*/*;q=0.8']) {
      expect((await get<Metrics>(path, JANUARY, person, { accept })).body.items).toHaveLength(2);
    }
    expect((await get<Metrics>(path, { ...JANUARY, format: 'json' }, person, { accept: 'text/csv' })).body.items).toHaveLength(2);
  });
});

describe('An account’s metrics', () => {
  test('are its samples, as JSON and CSV', async () => {
    const { social_account_id } = await accountOf(person, { scopes: ['user.info.basic'] });
    await followers(social_account_id, [
      ['2025-12-31T00:00:00Z', 10],
      ['2026-01-01T10:00:00Z', 12],
      ['2026-01-02T10:00:00Z', 11],
    ]);
    const path = `/api/social-accounts/${social_account_id}/metrics`;
    const { body } = await get<AccountMetrics>(path, { ...JANUARY, interval: 'day' });
    expect(body.items.map(({ at, totals, change }) => [at, totals.follower_count, change?.follower_count])).toEqual([
      ['2026-01-01T00:00:00.000Z', 12, 2],
      ['2026-01-02T00:00:00.000Z', 11, -1],
    ]);
    expect(body.no_numbers_because).toContain('user.info.stats (account statistics)');
    const csv = (await get<string>(path, { ...JANUARY, interval: 'day', format: 'csv' })).body.split('\r\n');
    expect(csv[0]).toBe('at,sampled_at,follower_count,following_count,likes_count,video_count,follower_count_change,following_count_change,likes_count_change,video_count_change');
    expect(csv[2]).toBe('2026-01-02T00:00:00.000Z,2026-01-02T10:00:00.000Z,11,1,2,3,-1,0,0,0');
  });

  test('of more points than JSON takes are refused by the field’s name, and fit where they are thinned out', async () => {
    const { social_account_id } = await accountOf(person);
    await api.database.pool.query(
      `insert into account_metrics select $1, '2025-01-01'::timestamptz + n * interval '15 minutes', n, 0, 0, 0 from generate_series(0, 10000) n`,
      [social_account_id],
    );
    const path = `/api/social-accounts/${social_account_id}/metrics`;
    const year = { from: '2025-01-01T00:00:00Z', to: '2026-01-01T00:00:00Z' };
    const raw = await get<Problem>(path, year);
    expect([raw.status, raw.body.errors]).toEqual([422, [{ field: 'interval', message: 'gives more than 10000 rows: choose day, or a shorter period' }]]);
    expect((await get<AccountMetrics>(path, { ...year, interval: 'day' })).body.items).toHaveLength(105);
    expect((await get<string>(path, { ...year, format: 'csv' })).body.trimEnd().split('\r\n')).toHaveLength(10_002);
  });

  test('of more than 50,000 samples are refused as CSV too', async () => {
    const { social_account_id } = await accountOf(person);
    await api.database.pool.query(
      `insert into account_metrics select $1, '2025-01-01'::timestamptz + n * interval '5 minutes', n, 0, 0, 0 from generate_series(0, 50000) n`,
      [social_account_id],
    );
    const csv = await get<Problem>(`/api/social-accounts/${social_account_id}/metrics`, { from: '2025-01-01T00:00:00Z', to: '2026-01-01T00:00:00Z', interval: 'day', format: 'csv' });
    expect([csv.status, csv.body.errors]).toEqual([422, [{ field: 'from', message: 'gives more than 50000 rows: choose a shorter period' }]]);
  });
});

describe('The summary', () => {
  const WEEK = { from: '2026-02-08T00:00:00Z', to: '2026-02-15T00:00:00Z' };
  let who: Person;
  let first: { workspace_id: string; social_account_id: string };
  let second: { workspace_id: string; social_account_id: string };
  let evergreen: string;
  let hit: string;

  beforeAll(async () => {
    who = await api.person();
    [first, second] = [await accountOf(who), await accountOf(who)];
    ({ post_id: evergreen } = await measuredPost(first, '2026-01-20T00:00:00Z', [
      ['2026-01-31T00:00:00Z', 100, 10],
      ['2026-02-07T00:00:00Z', 150, 12],
      // Of the week from its first moment on, and of the next one from its last moment on.
      ['2026-02-08T00:00:00Z', 170, 12],
      ['2026-02-14T00:00:00Z', 250, 42, 1, 1],
      ['2026-02-15T00:00:00Z', 9_999, 99, 9, 9],
    ]));
    ({ post_id: hit } = await measuredPost(second, '2026-02-10T17:30:00Z', [['2026-02-12T00:00:00Z', 900, 5]], { caption: '=HYPERLINK("http://evil"), "Hit"' }));
    await followers(first.social_account_id, [
      ['2026-02-01T00:00:00Z', 100],
      ['2026-02-14T00:00:00Z', 150],
    ]);
  });
  const summary = async (query: Record<string, string> = {}) => (await get<Summary>('/api/analytics/summary', { ...WEEK, ...query }, who)).body;

  test('adds up what all accounts gained, beside the period before', async () => {
    const { totals } = await summary();
    expect(totals).toEqual({
      views: { value: 1_000, previous: 50, change: 950, change_percent: 1_900 },
      likes: { value: 35, previous: 2, change: 33, change_percent: 1_650 },
      comments: { value: 1, previous: 0, change: 1, change_percent: null },
      shares: { value: 1, previous: 0, change: 1, change_percent: null },
      engagement: { value: 37, previous: 2, change: 35, change_percent: 1_750 },
      posts: { value: 1, previous: 0, change: 1, change_percent: null },
      followers: { value: 150, previous: 100, change: 50, change_percent: 50 },
    });
  });

  test('ranks posts by what they gained, as many as asked', async () => {
    const { best_posts } = await summary();
    expect(best_posts.by_views.map(({ post_id, gained }) => [post_id, gained.views])).toEqual([
      [hit, 900],
      [evergreen, 100],
    ]);
    expect(best_posts.by_likes.map(({ post_id }) => post_id)).toEqual([evergreen, hit]);
    expect((await summary({ top: '1' })).best_posts.by_engagement.map(({ post_id }) => post_id)).toEqual([evergreen]);
  });

  test('finds the best hours on the clock of the time zone', async () => {
    expect((await summary()).best_hours).toEqual([{ hour: 17, videos: 1, mean_views: 900 }]);
    expect((await summary({ time_zone: 'America/New_York' })).best_hours).toEqual([{ hour: 12, videos: 1, mean_views: 900 }]);
  });

  test('is of one account where one is named', async () => {
    const { totals, best_posts } = await summary({ social_account_id: second.social_account_id });
    expect([totals.views.value, totals.followers, best_posts.by_views.map(({ post_id }) => post_id)]).toEqual([900, null, [hit]]);
  });

  test('is a CSV file in which a caption can be no formula', async () => {
    const csv = await get<string>('/api/analytics/summary', { ...WEEK, format: 'csv' }, who);
    expect(csv.headers.get('content-disposition')).toBe('attachment; filename="summary-2026-02-08-2026-02-15.csv"');
    const lines = csv.body.split('\r\n');
    expect(lines[0]).toBe('section,rank,key,label,value,previous,change,change_percent');
    expect(lines).toContain('totals,,views,,1000,50,950,1900');
    expect(lines).toContain(`best_posts_by_views,1,${hit},"'=HYPERLINK(""http://evil""), ""Hit""",900,,,`);
    expect(lines).toContain('best_hours,1,17:00,1 video,900,,,');
  });

  test('of a workspace without anything is all zeros', async () => {
    const { body } = await get<Summary>('/api/analytics/summary', WEEK, await api.person());
    expect(body.totals).toMatchObject({ views: { value: 0, change_percent: null }, followers: null });
    expect([body.best_posts.by_views, body.best_hours]).toEqual([[], []]);
  });
});

describe('Analytics refuse', () => {
  const tooLong = 'must span at most 366 days';
  test.each<[Record<string, string>, string, string]>([
    [{ from: '2026-02-01T00:00:00Z', to: '2026-01-01T00:00:00Z' }, 'from', 'must be before to'],
    [{ from: '2026-02-01T00:00:00Z', to: '2026-02-01T00:00:00Z' }, 'from', 'must be before to'],
    [{ from: '2999-01-01T00:00:00Z' }, 'from', 'must be in the past'],
    [{ from: '2024-01-01T00:00:00Z', to: '2026-01-01T00:00:00Z' }, 'from', tooLong],
    [{ time_zone: 'Mars/Olympus' }, 'time_zone', 'is no time zone of the IANA database, such as Europe/Berlin'],
    [{ from: 'yesterday' }, 'from', 'Invalid ISO datetime'],
    [{ format: 'xlsx' }, 'format', expect.any(String) as unknown as string],
  ])('%j, naming %s', async (query, field, message) => {
    const account = await accountOf(person);
    const { post_id } = await measuredPost(account, '2026-01-01T00:00:00Z', []);
    for (const path of [`/api/posts/${post_id}/metrics`, `/api/social-accounts/${account.social_account_id}/metrics`, '/api/analytics/summary']) {
      const { status, body } = await get<Problem>(path, query);
      expect([path, status, body.errors]).toEqual([path, 422, [{ field, message }]]);
    }
  });

  test('366 days are taken, and a second more is not', async () => {
    const ask = async (to: string) => (await get('/api/analytics/summary', { from: '2024-01-01T00:00:00Z', to })).status;
    expect([await ask('2025-01-01T00:00:00Z'), await ask('2025-01-01T00:00:01Z')]).toEqual([200, 422]);
  });

  test('an interval that is none', async () => {
    const { post_id } = await measuredPost(await accountOf(person), '2026-01-01T00:00:00Z', []);
    expect((await get<Problem>(`/api/posts/${post_id}/metrics`, { interval: 'week' })).body.errors).toMatchObject([{ field: 'interval' }]);
  });

  test('what belongs to another workspace, as if it were not there', async () => {
    const stranger = await api.person();
    const account = await accountOf(person);
    const { post_id } = await measuredPost(account, '2026-01-01T00:00:00Z', [['2026-01-01T00:00:00Z', 8]]);
    for (const path of [`/api/posts/${post_id}/metrics`, `/api/social-accounts/${account.social_account_id}/metrics`, `/api/posts/${randomUUID()}/metrics`]) {
      for (const query of [JANUARY, { ...JANUARY, format: 'csv' }]) {
        const { status, body } = await get<Problem>(path, query, stranger);
        expect([path, status, body.code]).toEqual([path, 404, 'not_found']);
      }
    }
    expect((await get<Problem>('/api/analytics/summary', { social_account_id: account.social_account_id }, stranger)).status).toBe(404);
    expect((await get<Summary>('/api/analytics/summary', JANUARY, stranger)).body.totals.views.value).toBe(0);
  });

  test('a role that may not see them, naming the permission', async () => {
    const sales = await api.person('sales', person.workspace_id);
    const { status, body } = await get<Problem & { detail: string }>('/api/analytics/summary', {}, sales);
    expect([status, body.detail]).toEqual([403, 'analytics.view is needed; your role is sales']);
    const marketing = await api.person('social_marketing', person.workspace_id);
    expect((await get('/api/analytics/summary', {}, marketing)).status).toBe(200);
  });
});
