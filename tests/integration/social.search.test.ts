import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { appHashtag, appSound, appVideo, block, DAY, follow, HOUR, idsOf, type VideosMsg } from '../helpers/feed-rows.ts';
import { appUser, socialApp, verb, type TestAppUser } from '../helpers/social.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

let api: TestApi;
let viewer: TestAppUser;
let workspace_id: string;
beforeAll(async () => {
  api = await createTestApi();
  workspace_id = await socialApp(api);
  viewer = await appUser(api);
});
afterAll(() => api.close());

interface Found extends VideosMsg {
  Users: { User: Record<string, string> }[];
  Hashtags: { Hashtag: Record<string, string> }[];
  Sounds: { Sound: Record<string, string> }[];
}

async function search(type: string, keyword: string, by: TestAppUser | null = viewer, fields: Record<string, unknown> = {}): Promise<Found> {
  const { code, msg } = await verb<Found>(api, 'search', { type, keyword, ...fields }, by?.token);
  expect([code, typeof msg]).toEqual([200, 'object']);
  return msg;
}
const usernames = async (keyword: string, by?: TestAppUser | null): Promise<string[]> => (await search('user', keyword, by)).Users.map(({ User }) => User.username!);
const hashtags = async (keyword: string): Promise<string[]> => (await search('hashtag', keyword)).Hashtags.map(({ Hashtag }) => Hashtag.name!);
const sounds = async (keyword: string, by?: TestAppUser | null): Promise<string[]> => (await search('sound', keyword, by)).Sounds.map(({ Sound }) => Sound.name!);
const videos = async (keyword: string): Promise<string[]> => idsOf(await search('video', keyword));

test('users: the exact name first, then those that begin with it by followers, then words of names, then names spelt alike', async () => {
  await appUser(api, { username: 'zebra.fan', followers: 10 });
  await appUser(api, { username: 'zebra', followers: 1 });
  await appUser(api, { username: 'zebra_queen', followers: 900 });
  await appUser(api, { username: 'someone1', first_name: 'Zebra', last_name: 'Stripes', followers: 5_000 });
  await appUser(api, { username: 'zebrra.x' });
  await appUser(api, { username: 'giraffe' });
  expect(await usernames('ZEBRA')).toEqual(['zebra', 'zebra_queen', 'zebra.fan', 'someone1', 'zebrra.x']);
  expect(await usernames('@zebra')).toEqual(await usernames('zebra'));
  expect(await usernames('stripes zebra')).toEqual(['someone1']);
  expect(await usernames('zebraa')).toContain('zebra');
});

test('users: an @ without a name is nobody', async () => {
  await appUser(api, { username: 'at.sign', followers: 9_000 });
  expect(await usernames('@')).toEqual([]);
  expect(await usernames('@@')).toEqual([]);
});

test('users: one and two letters, other scripts', async () => {
  await appUser(api, { username: 'qx', first_name: 'Мария', last_name: 'Ёлкина' });
  await appUser(api, { username: 'li.wei', first_name: '李', last_name: '伟' });
  expect(await usernames('qx')).toEqual(['qx']);
  expect((await usernames('q'))[0]).toBe('qx');
  expect(await usernames('мАР')).toEqual(['qx']);
  expect(await usernames('ёл')).toEqual(['qx']);
  expect(await usernames('李')).toEqual(['li.wei']);
});

test('users: neither blocked ones, either way, nor deleted ones; private ones can be found', async () => {
  const [blocked, blocker, gone, shy] = [
    await appUser(api, { username: 'okapi.a' }),
    await appUser(api, { username: 'okapi.b' }),
    await appUser(api, { username: 'okapi.c', deleted_at: new Date() }),
    await appUser(api, { username: 'okapi.d', is_private: true }),
  ];
  await block(api, viewer, blocked);
  await block(api, blocker, viewer);
  expect(await usernames('okapi')).toEqual([shy.username]);
  expect((await usernames('okapi', null)).toSorted()).toEqual([blocked.username, blocker.username, shy.username]);
  expect(await usernames(gone.username)).not.toContain(gone.username);
  await follow(api, viewer, shy, 'requested');
  expect((await search('user', 'okapi')).Users[0]!.User).toMatchObject({ id: shy.id, button: 'requested', private: '1' });
});

test('videos: all words, from their beginnings; what people like before what they do not; then what is spelt alike', async () => {
  const author = await appUser(api);
  const ignored = await appVideo(api, author, { description: 'Walrus on ice', age_ms: HOUR });
  const liked = await appVideo(api, author, { description: 'ICE and walruses', age_ms: 2 * HOUR, views: 90_000, likes: 4_000 });
  const half = await appVideo(api, author, { description: 'Ice without anybody' });
  expect(await videos('walrus ice')).toEqual([liked, ignored]);
  expect(await videos('wal')).toEqual([liked, ignored]);
  expect(await videos('walrush')).toEqual(expect.arrayContaining([liked, ignored]));
  expect(await videos('walrus ice')).not.toContain(half);
});

test('videos: just what was typed comes first', async () => {
  const author = await appUser(api);
  const apart = await appVideo(api, author, { description: 'narwhal in the deep, and the sea is blue', views: 2_000, age_ms: DAY });
  const together = await appVideo(api, author, { description: 'the deep narwhal', views: 50, age_ms: DAY });
  expect(await videos('deep narwhal')).toEqual([together, apart]);
});

test('videos: other scripts, one letter, and emoji alone', async () => {
  const author = await appUser(api);
  const cyrillic = await appVideo(api, author, { description: 'Танцы до утра 🕺🏽 ночью' });
  const party = await appVideo(api, author, { description: 'Что за 🎂!' });
  expect(await videos('ТАНЦЫ')).toEqual([cyrillic]);
  expect(await videos('утр')).toEqual([cyrillic]);
  expect(await videos('ч')).toEqual([party]);
  expect(await videos('🎂')).toEqual([party]);
  expect(await videos('🕺🏽')).toEqual([cyrillic]);
  expect(await videos('🦖')).toEqual([]);
});

test('hashtags: exact, then those that begin with it by use, then spelt alike; unused ones never; with # and in any case', async () => {
  await appHashtag(api, workspace_id, 'lemurs', 40);
  await appHashtag(api, workspace_id, 'lemur', 3);
  await appHashtag(api, workspace_id, 'lemurlife', 900);
  await appHashtag(api, workspace_id, 'lemmur', 5_000);
  await appHashtag(api, workspace_id, 'lemurrr', 0);
  expect(await hashtags('#LEMUR')).toEqual(['lemur', 'lemurlife', 'lemurs', 'lemmur']);
  await appHashtag(api, workspace_id, 'танцы', 2);
  await appHashtag(api, workspace_id, '🎉', 2);
  expect(await hashtags('Тан')).toEqual(['танцы']);
  expect(await hashtags('🎉')).toEqual(['🎉']);
});

test('a hashtag’s videos: any case, with #, Cyrillic and emoji; one that nobody used has none', async () => {
  const author = await appUser(api);
  for (const name of ['ночь', '🦜', 'parrot']) {
    const hashtag = await appHashtag(api, workspace_id, name);
    const id = await appVideo(api, author, { hashtag });
    const { msg } = await verb<VideosMsg & { Hashtag: unknown }>(api, 'showHashtagVideos', { hashtag: `#${name.toUpperCase()}` });
    expect([idsOf(msg), msg.Hashtag]).toEqual([[id], { id: hashtag.id, name, videos_count: '1' }]);
  }
  expect(await verb(api, 'showHashtagVideos', { hashtag: "no'body%" })).toEqual({ code: 200, msg: { Hashtag: { id: '', name: "no'body%", videos_count: '0' }, Videos: [], next: '' } });
  expect(await verb(api, 'showHashtagVideos', { hashtag: ' ' })).toEqual({ code: 201, msg: 'hashtag: is needed' });
});

test('sounds: the most used first, all of them without a keyword; who may not see where one is from does not hear it', async () => {
  const [shy, blocker, gone, open] = [await appUser(api, { is_private: true }), await appUser(api), await appUser(api, { deleted_at: new Date() }), await appUser(api)];
  await block(api, blocker, viewer);
  await appSound(api, workspace_id, { name: 'Kazoo solo', videos: 5 });
  await appSound(api, workspace_id, { name: 'Kazoo', videos: 1 });
  await appSound(api, workspace_id, { name: 'Casual kazoo', videos: 50, created_by: open.id, video_id: await appVideo(api, open) });
  await appSound(api, workspace_id, { name: 'Kazoo of a private video', created_by: open.id, video_id: await appVideo(api, open, { privacy: 'private' }) });
  await appSound(api, workspace_id, { name: 'Kazoo whose video went, still used', videos: 2, created_by: open.id, video_id: await appVideo(api, open, { deleted_at: new Date() }) });
  await appSound(api, workspace_id, { name: 'Kazoo whose video went, unused', created_by: open.id, video_id: await appVideo(api, open, { deleted_at: new Date() }) });
  for (const [name, creator] of [['shy', shy], ['blocker', blocker], ['gone', gone]] as const) await appSound(api, workspace_id, { name: `Kazoo of ${name}`, videos: 9, created_by: creator.id });
  const removed = await appSound(api, workspace_id, { name: 'Kazoo removed', deleted_at: new Date() });
  const heard = ['Kazoo', 'Casual kazoo', 'Kazoo solo', 'Kazoo whose video went, still used'];
  expect(await sounds('kazoo')).toEqual(heard);
  expect(await sounds('kazoos')).toEqual(expect.arrayContaining(['Kazoo']));
  const { msg } = await verb<Found>(api, 'showSounds', { starting_point: '0' }, viewer.token);
  expect(msg.Sounds.map(({ Sound }) => Sound.name)).toEqual(['Casual kazoo', 'Kazoo solo', 'Kazoo whose video went, still used', 'Kazoo']);
  expect((await verb<Found>(api, 'showSounds', { keyword: 'solo' })).msg.Sounds).toHaveLength(1);
  expect(await verb(api, 'showSoundVideos', { sound_id: removed.id })).toEqual({ code: 201, msg: expect.stringMatching(/sound is not there/) });
  await follow(api, viewer, shy);
  expect(await sounds('kazoo')).toContain('Kazoo of shy');
});

const HOSTILE = [`'`, `''`, `"`, '%', '_', '\\', `\\'`, `'; drop table videos; --`, 'a & b | !c', ':*', `a':*`, '<->', '(', '%_%\\%', '$1', '{}', '\u202e', '\ud83d', '😀', 'ﷺ', 'a'.repeat(100), '\t', 'İ'];

test.each(['user', 'video', 'hashtag', 'sound'])('%s: quotes, patterns and operators are only letters that nobody wrote', async (type) => {
  const author = await appUser(api);
  await appVideo(api, author, { description: 'plain words' });
  for (const keyword of HOSTILE) {
    const { code, msg } = await verb<Found | string>(api, 'search', { type, keyword }, author.token);
    expect([keyword, code, code === 200 || /keyword: is needed/.test(String(msg))]).toEqual([keyword, keyword.trim() === '' ? 201 : 200, true]);
  }
  expect(await videos('%')).toEqual([]);
  expect(await usernames('%')).toEqual([]);
  expect(await hashtags('_')).toEqual([]);
});

test('whatever is typed is answered', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('user', 'video', 'hashtag', 'sound'), fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), async (type, keyword) => {
      const { token } = await appUser(api);
      const { code, msg } = await verb<Found | string>(api, 'search', { type, keyword }, token);
      expect(code === 200 || (code === 201 && /keyword|NUL/.test(String(msg))) || (code === 400 && keyword.includes('\0'))).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test.each([
  ['no keyword', { type: 'user' }, /keyword/],
  ['an empty keyword', { type: 'user', keyword: '' }, /keyword: is needed/],
  ['spaces', { type: 'video', keyword: '   ' }, /keyword: is needed/],
  ['a very long keyword', { type: 'video', keyword: 'a'.repeat(101) }, /keyword/],
  ['an unknown type', { type: 'sounds', keyword: 'a' }, /type: must be one of user, video, hashtag, sound/],
  ['a negative page', { type: 'user', keyword: 'a', starting_point: -1 }, /starting_point/],
  ['a list', { type: 'user', keyword: ['a'], starting_point: [0] }, /starting_point/],
])('%s is refused by name', async (_, fields, named) => {
  expect(await verb(api, 'search', fields, (await appUser(api)).token)).toEqual({ code: 201, msg: expect.stringMatching(named) });
});

test('pages of what was found hold while more is written, and each keyword has its own', async () => {
  const author = await appUser(api);
  const ids = [];
  for (let n = 0; n < 45; n++) ids.push(await appVideo(api, author, { description: `axolotl number ${n}`, views: n * 50 }));
  const first = await search('video', 'axolotl', viewer, { starting_point: '0' });
  for (let n = 0; n < 30; n++) await appVideo(api, author, { description: 'axolotl again', views: 500_000 });
  await search('video', 'number', viewer, { starting_point: '0' });
  const second = await search('video', 'axolotl', viewer, { cursor: first.next });
  const seen = [...idsOf(first), ...idsOf(second)];
  expect(new Set(seen).size).toBe(40);
  expect((await search('video', 'axolotl', viewer, { starting_point: '0' })).Videos[0]!.Video.description).toBe('axolotl again');
});
