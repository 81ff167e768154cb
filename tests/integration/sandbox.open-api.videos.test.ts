import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { OpenApiSandbox, type Tokens } from '../helpers/open-api-sandbox.ts';

type Account = Tokens & { username: string };

const LIST = '/v2/video/list/?fields=';
const QUERY = '/v2/video/query/?fields=';

let tiktok: OpenApiSandbox;
beforeAll(async () => {
  tiktok = await OpenApiSandbox.start();
});
beforeEach(() => tiktok.control('POST', '/reset'));
afterAll(() => tiktok.close());

const addVideo = (account: Account, fields: object = {}): Promise<{ id: string }> => tiktok.control('POST', '/videos', { username: account.username, ...fields });
const addVideos = async (account: Account, count: number): Promise<string[]> => {
  const ids = [];
  for (let index = 0; index < count; index++) ids.push((await addVideo(account)).id);
  return ids;
};
const list = (account: Account, body: object = {}, fields = 'id') => tiktok.api(account.access_token, LIST + fields, body);
const query = (account: Account, video_ids: unknown, fields = 'id') => tiktok.api(account.access_token, QUERY + fields, { filters: { video_ids } });
const idsOf = (reply: { json: { data: { videos: { id: string }[] } } }): string[] => reply.json.data.videos.map(({ id }) => id);
const codeOf = (reply: { status: number; json: { error: { code: string } } }) => [reply.status, reply.json.error.code];

describe('user info', () => {
  test('holds the fields that were asked for, and nothing else', async () => {
    const account = await tiktok.account({ display_name: 'Ünal “Ü” 😀', follower_count: 7 });
    const { json } = await tiktok.user(account.access_token, 'open_id,display_name,username,follower_count,is_verified');
    expect(json.data).toEqual({
      user: { open_id: account.open_id, display_name: 'Ünal “Ü” 😀', username: account.username, follower_count: 7, is_verified: false },
    });
    expect(json.error).toEqual({ code: 'ok', message: '', log_id: expect.stringMatching(/^\d{14}[0-9A-F]{20}$/) });
  });

  test('fails whole where one field is outside the scopes, unknown, or none is named', async () => {
    const { access_token } = await tiktok.account({}, ['user.info.basic']);
    expect((await tiktok.user(access_token, 'open_id,display_name')).status).toBe(200);
    expect(codeOf(await tiktok.user(access_token, 'open_id,username'))).toEqual([401, 'scope_not_authorized']);
    await tiktok.settings({ behaviour: { field_scope_error: 'scope_permission_missed' } });
    expect(codeOf(await tiktok.user(access_token, 'open_id,follower_count'))).toEqual([400, 'scope_permission_missed']);
    expect(codeOf(await tiktok.user(access_token, 'open_id,shoe_size'))).toEqual([400, 'invalid_params']);
    expect(codeOf(await tiktok.user(access_token, ''))).toEqual([400, 'invalid_params']);
  });
});

describe('the list of videos', () => {
  test('pages newest first through all of them, 10 at a time, 20 at most', async () => {
    const account = await tiktok.account();
    const ids = (await addVideos(account, 45)).reverse();
    expect(idsOf(await list(account))).toEqual(ids.slice(0, 10));
    const seen: string[] = [];
    let cursor: number | undefined;
    for (let page = 0; page < 3; page++) {
      const reply = await list(account, { max_count: 20, ...(cursor ? { cursor } : {}) });
      seen.push(...idsOf(reply));
      cursor = reply.json.data.cursor;
      expect(reply.json.data.has_more).toBe(page < 2);
    }
    expect(seen).toEqual(ids);
    expect(codeOf(await list(account, { max_count: 21 }))).toEqual([400, 'invalid_params']);
    expect(codeOf(await list(account, {}, ''))).toEqual([400, 'invalid_params']);
  });

  test('loses none of those that were posted in the same moment, even one a page', async () => {
    const account = await tiktok.account();
    const ids = (await Promise.all(Array.from({ length: 15 }, () => addVideo(account)))).map(({ id }) => id);
    const seen: string[] = [];
    let page = await list(account, { max_count: 1 });
    for (let index = 0; index < ids.length && idsOf(page).length > 0; index++) {
      seen.push(...idsOf(page));
      page = await list(account, { max_count: 1, cursor: page.json.data.cursor });
    }
    expect(seen.sort()).toEqual(ids.sort());
  });

  test('takes any time in milliseconds as its cursor', async () => {
    const account = await tiktok.account();
    const early = (await addVideo(account)).id;
    await tiktok.advance(10_000);
    const { now_ms } = await tiktok.control('GET', '/clock');
    await tiktok.advance(10_000);
    await addVideo(account);
    expect(idsOf(await list(account, { cursor: now_ms }))).toEqual([early]);
  });

  test('holds public posts only, until they are deleted or made private', async () => {
    const account = await tiktok.account();
    const [kept, deleted, hidden] = await addVideos(account, 3);
    await addVideo(account, { privacy_level: 'SELF_ONLY' });
    await tiktok.control('POST', `/videos/${deleted}/delete`);
    await tiktok.control('POST', `/videos/${hidden}/make-private`);
    expect(idsOf(await list(account))).toEqual([kept]);
    expect(idsOf(await query(account, [kept, deleted, hidden]))).toEqual([kept]);
  });

  test('gives every field as its type: ids as strings, seconds, texts cut at 150', async () => {
    const account = await tiktok.account();
    const { id } = await addVideo(account, { caption: '😀'.repeat(200) });
    const { json } = await list(account, {}, 'id,create_time,title,video_description,share_url,embed_link,cover_image_url,duration,width,height,is_aigc,view_count');
    const [video] = json.data.videos;
    expect(video).toMatchObject({
      id,
      title: '😀'.repeat(150),
      share_url: `https://www.tiktok.com/@${account.username}/video/${id}?utm_campaign=tt4d_open_api&utm_source=sbawshowrunner0000`,
      is_aigc: false,
    });
    expect(Math.abs(video.create_time - Date.now() / 1_000)).toBeLessThan(60);
    expect((await fetch(video.cover_image_url)).status).toBe(200);
    expect('like_count' in video).toBe(false);
  });

  test('wants the scope video.list', async () => {
    const account = await tiktok.account({}, ['user.info.basic']);
    expect(codeOf(await list(account))).toEqual([401, 'scope_not_authorized']);
    expect(codeOf(await query(account, ['1']))).toEqual([401, 'scope_not_authorized']);
  });
});

describe('querying videos', () => {
  test('gives those of the account among at most 20 ids', async () => {
    const [mine, other] = [await tiktok.account(), await tiktok.account()];
    const [own, foreign] = [(await addVideo(mine)).id, (await addVideo(other)).id];
    expect(idsOf(await query(mine, [foreign, own, '7000000000000000000']))).toEqual([own]);
    expect(codeOf(await query(mine, Array.from({ length: 21 }, (_, index) => String(index))))).toEqual([400, 'invalid_params']);
    expect(codeOf(await query(mine, [7_000_000_000]))).toEqual([400, 'invalid_params']);
    expect(codeOf(await tiktok.api(mine.access_token, '/v2/video/query/', { filters: { video_ids: [own] } }))).toEqual([400, 'invalid_params']);
  });
});

describe('views', () => {
  test('grow with age, fast when young, never falling; the account grows with them', async () => {
    await tiktok.settings({ tokens: { access_lifetime_s: 86_400 } });
    const account = await tiktok.account({ follower_count: 10_000, likes_count: 50, video_count: 3 });
    const { id } = await addVideo(account);
    const stats = async () => (await query(account, [id], 'view_count,like_count,comment_count,share_count')).json.data.videos[0] as Record<string, number>;
    const samples = [await stats()];
    for (const minutes of [1, 1, 60, 60]) {
      await tiktok.advance(minutes * 60_000 - 1);
      samples.push(await stats());
    }
    const views = samples.map(({ view_count }) => view_count ?? 0);
    expect(views).toEqual([...views].sort((a, b) => a - b));
    expect((views[1] ?? 0) - (views[0] ?? 0)).toBeGreaterThan((views[2] ?? 0) - (views[1] ?? 0));
    expect(views[1]).toBeGreaterThan(0);
    const user = (await tiktok.user(account.access_token, 'video_count,likes_count,follower_count')).json.data.user;
    expect(user.video_count).toBe(4);
    expect(user.likes_count).toBe(50 + (samples[4]?.like_count ?? 0));
  });

  test('are what a test says', async () => {
    const account = await tiktok.account();
    const { id } = await addVideo(account);
    await tiktok.control('PATCH', `/videos/${id}`, { view_count: 1_000_000, share_count: 3 });
    expect((await query(account, [id], 'view_count,share_count')).json.data.videos[0]).toEqual({ view_count: 1_000_000, share_count: 3 });
  });
});
