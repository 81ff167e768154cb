import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rankFeed } from '../../db/feed-video.repository.ts';
import { engagementLevel } from '../../domain/social/ranking.ts';
import { appVideo, DAY, follow, HOUR, idsOf, like, watch, type VideosMsg } from '../helpers/feed-rows.ts';
import { appUser, verb, type TestAppUser } from '../helpers/social.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());

const emptied = async (): Promise<void> => void (await api.deps.db.deleteFrom('videos').execute());
const feed = async (fields: Record<string, unknown>, user?: TestAppUser): Promise<VideosMsg> => {
  const { code, msg } = await verb<VideosMsg>(api, 'showRelatedVideos', fields, user?.token);
  expect([code, typeof msg === 'string' ? msg : '']).toEqual([200, '']);
  return msg;
};

/** All pages, with something done before each but the first. */
async function readAll(page: (number: number, next: string) => Promise<VideosMsg>, between: () => Promise<unknown>): Promise<string[]> {
  const ids: string[] = [];
  let next = '';
  for (let number = 0; number < 50; number++) {
    if (number > 0) await between();
    const msg = await page(number, next);
    ids.push(...idsOf(msg));
    next = msg.next;
    if (next === '') return ids;
  }
  throw new Error('the list does not end');
}

test.each([
  ['cursor', (user: TestAppUser) => (_: number, next: string) => feed({ cursor: next }, user)],
  ['starting_point as text', (user: TestAppUser) => (number: number) => feed({ starting_point: String(number) }, user)],
  ['starting_point and device', (user: TestAppUser) => (number: number) => feed({ starting_point: number, device_id: 'phone-1' }, user)],
])('pages by %s hold while videos arrive, are watched, liked and followed: none comes twice, none is lost', async (_, pageOf) => {
  await emptied();
  const [author, other, viewer] = [await appUser(api), await appUser(api), await appUser(api)];
  const videos: string[] = [];
  for (let n = 0; n < 90; n++) videos.push(await appVideo(api, n % 2 ? author : other, { age_ms: n * HOUR, likes: (n * 37) % 100 }));
  let turns = 0;
  const ids = await readAll(pageOf(viewer), async () => {
    for (let n = 0; n < 25; n++) await appVideo(api, author, { age_ms: 0, likes: 500 });
    await watch(api, viewer, videos[turns]!);
    await api.deps.db.updateTable('videos').set({ likes: 100_000 }).where('id', '=', videos[60 + turns]!).execute();
    if (turns++ === 0) await follow(api, viewer, other);
  });
  expect(turns).toBe(4);
  expect(ids.toSorted()).toEqual(videos.toSorted());
  expect(new Set(ids).size).toBe(ids.length);
});

test('what was deleted between two pages is left out, and nothing else', async () => {
  await emptied();
  const [author, viewer] = [await appUser(api), await appUser(api)];
  for (let n = 0; n < 45; n++) await appVideo(api, author, { age_ms: n * HOUR });
  const order = await rankFeed(api.deps.db, { workspace_id: viewer.row.workspace_id, viewer_id: viewer.id });
  const first = await feed({ starting_point: 0 }, viewer);
  await api.deps.db.updateTable('videos').set({ deleted_at: new Date() }).where('id', '=', order[25]!).execute();
  const second = await feed({ starting_point: 1 }, viewer);
  const third = await feed({ starting_point: 2 }, viewer);
  expect([...idsOf(first), ...idsOf(second), ...idsOf(third)]).toEqual(order.filter((_, place) => place !== 25));
});

test('two phones turn their own pages, and one who is not signed in too', async () => {
  await emptied();
  const [author, viewer] = [await appUser(api), await appUser(api)];
  const old: string[] = [];
  for (let n = 0; n < 30; n++) old.push(await appVideo(api, author, { age_ms: (n + 1) * HOUR }));
  await feed({ starting_point: 0, device_id: 'old phone' }, viewer);
  await feed({ starting_point: 0, device_id: 'nobody’s' });
  const added: string[] = [];
  for (let n = 0; n < 30; n++) added.push(await appVideo(api, author, { age_ms: 0 }));
  await feed({ starting_point: 0, device_id: 'new phone' }, viewer);
  expect(old).toEqual(expect.arrayContaining(idsOf(await feed({ starting_point: 1, device_id: 'old phone' }, viewer))));
  expect(old).toEqual(expect.arrayContaining(idsOf(await feed({ starting_point: 1, device_id: 'nobody’s' }))));
  expect(idsOf(await feed({ starting_point: 1, device_id: 'new phone' }, viewer)).some((id) => added.includes(id))).toBe(true);
});

test('where what was kept is over, or is somebody else’s, the list goes on at the same place', async () => {
  await emptied();
  const [author, viewer, stranger] = [await appUser(api), await appUser(api), await appUser(api)];
  for (let n = 0; n < 45; n++) await appVideo(api, author, { age_ms: n * HOUR });
  const { next } = await feed({}, viewer);
  const second = idsOf(await feed({ cursor: next }, viewer));
  expect(second).toHaveLength(20);
  expect(idsOf(await feed({ cursor: next }, stranger))).toEqual(second);
  await api.deps.db.deleteFrom('ranked_lists').execute();
  await api.deps.db.deleteFrom('list_places').execute();
  expect(idsOf(await feed({ cursor: next }, viewer))).toEqual(second);
  expect(idsOf(await feed({ starting_point: 1 }, viewer))).toEqual(second);
});

test('what is over is cleared away by those who read', async () => {
  await emptied();
  const author = await appUser(api);
  for (let n = 0; n < 25; n++) await appVideo(api, author);
  for (let n = 0; n < 4; n++) await feed({}, await appUser(api));
  await api.deps.db.updateTable('ranked_lists').set({ expires_at: new Date(0) }).execute();
  await api.deps.db.updateTable('list_places').set({ expires_at: new Date(0) }).execute();
  for (let n = 0; n < 5; n++) await feed({}, author);
  const kept = await Promise.all((['ranked_lists', 'list_places'] as const).map((table) => api.deps.db.selectFrom(table).select('key').execute()));
  expect(kept.map((rows) => rows.length)).toEqual([1, 1]);
});

test('followed and fresh comes before engaging, before fresh and ignored, before old; watched comes last', async () => {
  await emptied();
  const [friend, stranger, viewer] = [await appUser(api), await appUser(api), await appUser(api)];
  await follow(api, viewer, friend);
  const old = await appVideo(api, stranger, { age_ms: 40 * DAY });
  const watched = await appVideo(api, friend, { age_ms: HOUR, likes: 50_000 });
  const ignored = await appVideo(api, await appUser(api), { age_ms: 20 * HOUR });
  const engaging = await appVideo(api, await appUser(api), { age_ms: 20 * HOUR, views: 200_000, likes: 9_000, comments: 400 });
  const followed = await appVideo(api, friend, { age_ms: HOUR, likes: 20 });
  await watch(api, viewer, watched);
  expect(idsOf(await feed({}, viewer))).toEqual([followed, engaging, ignored, old, watched]);
});

test('one author does not fill a page', async () => {
  await emptied();
  const [busy, viewer] = [await appUser(api), await appUser(api)];
  for (let n = 0; n < 30; n++) await appVideo(api, busy, { age_ms: n * 60_000, likes: 300 });
  const others = [];
  for (let n = 0; n < 8; n++) others.push(await appVideo(api, await appUser(api), { age_ms: 10 * HOUR, likes: 5 }));
  expect(idsOf(await feed({}, viewer))).toEqual(expect.arrayContaining(others));
});

test('who has watched all of the newest still gets older ones that they have not', async () => {
  await emptied();
  const [author, viewer] = [await appUser(api), await appUser(api)];
  const { db } = api.deps;
  const unseen = await appVideo(api, author, { age_ms: 30 * DAY });
  const { id: user_id, row } = author;
  const ids = Array.from({ length: 350 }, (_, n) => `0190a1b2-0000-7000-8000-${String(n).padStart(12, '0')}`);
  const published_at = new Date(Date.now() - HOUR);
  await db.insertInto('videos').values(ids.map((id) => ({ id, workspace_id: row.workspace_id, user_id, status: 'ready' as const, privacy: 'public' as const, published_at }))).execute();
  await db.insertInto('video_views').values(ids.map((video_id) => ({ video_id, view_id: 'once', user_id: viewer.id, watch_ms: 1 }))).execute();
  expect(idsOf(await feed({}, viewer))[0]).toBe(unseen);
});

test('the column of the database says what the formula says', async () => {
  await emptied();
  const author = await appUser(api);
  const samples = [0, 1, 2, 3, 7, 40, 999, 123_456, 50_000_000].map((views, n) => ({ views, likes: n * 5, comments: n, shares: n * 2 }));
  for (const counts of samples) await appVideo(api, author, counts);
  const rows = await api.deps.db.selectFrom('videos').select(['views', 'likes', 'comments', 'shares', 'engagement']).execute();
  expect(rows).toHaveLength(samples.length);
  for (const { engagement, ...counts } of rows) expect([counts, engagement]).toEqual([counts, engagementLevel(counts)]);
});

test('an entry has counts, own like, author and how one stands to them', async () => {
  await emptied();
  const [author, viewer] = [await appUser(api, { first_name: 'Ann' }), await appUser(api)];
  await follow(api, author, viewer);
  const id = await appVideo(api, author, { likes: 3, comments: 2, shares: 1, views: 9_007_199_254_740, duration_ms: 13_600, width: 720, height: 1_280, description: 'Hi #there' });
  await like(api, viewer, id);
  const [entry] = (await feed({}, viewer)).Videos;
  expect(entry!.Video).toMatchObject({ id, like: '1', like_count: '3', comment_count: '2', share_count: '1', view: '9007199254740', duration: '14', width: '720', privacy_type: 'public', status: 'ready' });
  expect(entry!.Video.video).toBe(`http://127.0.0.1:8080/app-media/videos/${id}/master.m3u8`);
  expect(entry!.User).toMatchObject({ id: author.id, first_name: 'Ann', button: 'follow back' });
  expect(entry!.Sound).toBeNull();
  const [unknown] = (await feed({})).Videos;
  expect([unknown!.Video.like, unknown!.User.button]).toEqual(['0', 'follow']);
});

test.each([
  ['a negative page', { starting_point: '-1' }, /starting_point/],
  ['a fraction', { starting_point: '0.5' }, /starting_point/],
  ['a word', { starting_point: 'first' }, /starting_point/],
  ['an enormous page', { starting_point: '99999999999999' }, /starting_point/],
  ['somebody’s own cursor', { cursor: 'bm9uc2Vuc2U' }, /cursor/],
  ['a cursor of another list', { cursor: Buffer.from('["x",-1]').toString('base64url') }, /cursor/],
])('%s is refused by name', async (_, fields, named) => {
  const { code, msg } = await verb<string>(api, 'showRelatedVideos', fields);
  expect([code, msg]).toEqual([201, expect.stringMatching(named)]);
});

test('a page far behind the end is empty', async () => {
  expect(await feed({ starting_point: '9999' })).toEqual({ Videos: [], next: '' });
  expect(await feed({ starting_point: '30' })).toEqual({ Videos: [], next: '' });
});
