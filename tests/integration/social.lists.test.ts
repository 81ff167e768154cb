import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Row } from '../../db/schema.ts';
import { searchUsers } from '../../db/search.repository.ts';
import { readVideos } from '../../db/video-read.repository.ts';
import { appHashtag, appSound, appVideo, block, DAY, follow, HOUR, idsOf, like, type VideoOver, type VideosMsg } from '../helpers/feed-rows.ts';
import { appUser, verb, type TestAppUser } from '../helpers/social.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());

interface Scene {
  author: TestAppUser;
  viewer: TestAppUser;
  /** Lets everybody see what they like; has liked the video, as the viewer has. */
  liker: TestAppUser;
  hashtag: Row<'hashtags'>;
  sound: Row<'sounds'>;
  video: string;
}

interface Staging {
  author?: Parameters<typeof appUser>[1];
  video?: VideoOver;
  /** How the viewer follows the author; null: not at all. */
  follows?: 'accepted' | 'requested' | null;
  then?: (scene: Scene) => Promise<unknown>;
}

let scenes = 0;
async function stage({ author: over, video: videoOver, follows = 'accepted', then }: Staging): Promise<Scene> {
  const viewer = await appUser(api);
  const [author, liker] = [await appUser(api, over), await appUser(api, { privacy: JSON.stringify({ liked_videos: 'everyone' }) })];
  const workspace_id = author.row.workspace_id;
  const [hashtag, sound] = [await appHashtag(api, workspace_id, `scene${++scenes}`), await appSound(api, viewer.row.workspace_id)];
  const video = await appVideo(api, author, { description: `Seen in scene${scenes}`, hashtag, sound_id: sound.id, ...videoOver });
  if (follows) await follow(api, viewer, author, follows);
  await Promise.all([like(api, viewer, video), like(api, liker, video)]);
  const scene = { author, viewer, liker, hashtag, sound, video };
  await then?.(scene);
  return scene;
}

/** Every verb that lists videos, asked so that it would list the scene's. */
const LISTS: Record<string, (scene: Scene) => [string, Record<string, unknown>]> = {
  feed: () => ['showRelatedVideos', {}],
  following: () => ['showFollowingVideos', {}],
  'of the author': ({ author }) => ['showVideosOfUser', { user_id: author.id }],
  'own likes': () => ['showLikedVideos', {}],
  'likes of another': ({ liker }) => ['showLikedVideos', { user_id: liker.id }],
  hashtag: ({ hashtag }) => ['showHashtagVideos', { hashtag: hashtag.name }],
  sound: ({ sound }) => ['showSoundVideos', { sound_id: sound.id }],
  'search by word': ({ hashtag }) => ['search', { type: 'video', keyword: hashtag.name }],
  'search by likeness': ({ hashtag }) => ['search', { type: 'video', keyword: `${hashtag.name}x` }],
};
const ALL = Object.keys(LISTS);
const DISCOVERY = ['hashtag', 'sound', 'search by word', 'search by likeness'];

/** In which lists somebody finds the scene's video; null: nobody is signed in. */
async function foundIn(scene: Scene, viewer: TestAppUser | null = scene.viewer): Promise<string[]> {
  const found = await Promise.all(
    Object.entries(LISTS).map(async ([name, ask]) => {
      const [verbName, fields] = ask(scene);
      const { code, msg } = await verb<VideosMsg>(api, verbName, fields, viewer?.token);
      expect([name, [200, 201, 401].includes(code)]).toEqual([name, true]);
      return code === 200 && idsOf(msg).includes(scene.video) ? [name] : [];
    }),
  );
  return found.flat();
}

const deleted = { deleted_at: new Date() };

test.each<[string, Staging]>([
  ['the viewer has blocked the author', { then: ({ viewer, author }) => block(api, viewer, author) }],
  ['the author has blocked the viewer', { then: ({ viewer, author }) => block(api, author, viewer) }],
  ['the author was deleted', { then: ({ author }) => api.deps.db.updateTable('app_users').set(deleted).where('id', '=', author.id).execute() }],
  ['the video was deleted', { video: deleted }],
  ['the video is processing', { video: { status: 'processing' } }],
  ['the video failed', { video: { status: 'failed' } }],
  ['the video is private', { video: { privacy: 'private' } }],
  ['the video is for friends, and the author does not follow back', { video: { privacy: 'friends' } }],
  ['the video is for friends, and the viewer’s request is not answered', { video: { privacy: 'friends' }, follows: 'requested', then: ({ viewer, author }) => follow(api, author, viewer) }],
  ['the account is private, and nobody asked', { author: { is_private: true }, follows: null }],
  ['the account is private, and has not let the viewer in', { author: { is_private: true }, follows: 'requested' }],
])('in no list where %s', async (_, staging) => {
  const scene = await stage(staging);
  expect(await foundIn(scene)).toEqual([]);
});

test.each<[string, Staging, string[]]>([
  ['public', {}, ALL],
  ['public, of a private account that is followed', { author: { is_private: true } }, ALL],
  ['for friends, who they are', { video: { privacy: 'friends' }, then: ({ viewer, author }) => follow(api, author, viewer) }, ALL.filter((name) => !DISCOVERY.includes(name))],
  ['public, of somebody who is not followed', { follows: null }, ALL.filter((name) => name !== 'following')],
])('in every list that it belongs to where it is %s', async (_, staging, lists) => {
  const scene = await stage(staging);
  expect(await foundIn(scene)).toEqual(lists);
});

test('nobody who is signed out sees more than everybody may', async () => {
  const open = await stage({});
  expect(await foundIn(open, null)).toEqual(ALL.filter((name) => !['following', 'own likes'].includes(name)));
  for (const staging of [{ author: { is_private: true } }, { video: { privacy: 'friends' as const } }, { video: { privacy: 'private' as const } }]) {
    expect(await foundIn(await stage(staging), null)).toEqual([]);
  }
});

test('what is another workspace’s is in no list', async () => {
  const { workspace_id } = await api.person();
  const scene = await stage({ author: { workspace_id } });
  expect(await foundIn(scene)).toEqual([]);
  await appHashtag(api, workspace_id, 'elsewhere', 9);
  await appSound(api, workspace_id, { name: 'elsewhere' });
  for (const [type, keyword] of [['user', scene.author.username], ['hashtag', 'elsewhere'], ['sound', 'elsewhere']] as const) {
    const { msg } = await verb<Record<string, unknown[]>>(api, 'search', { type, keyword }, scene.viewer.token);
    expect(Object.values(msg)[0]).toEqual([]);
  }
});

test('the statements beneath hold by themselves: cards keep to their workspace, found users to blocks', async () => {
  const scene = await stage({});
  const cards = (workspace_id: string) => readVideos(api.deps.db, { workspace_id, viewer_id: scene.viewer.id, ids: [scene.video] });
  expect(await cards(scene.author.row.workspace_id)).toHaveLength(1);
  expect(await cards((await api.person()).workspace_id)).toEqual([]);
  const found = () => searchUsers(api.deps.db, { workspace_id: scene.author.row.workspace_id, viewer_id: scene.viewer.id, keyword: scene.author.username });
  expect(await found()).toEqual([scene.author.id]);
  await block(api, scene.author, scene.viewer);
  expect(await found()).toEqual([]);
});

test('one’s own list has what is private, processing and failed; that of others has not', async () => {
  const author = await appUser(api);
  const ids = [];
  for (const over of [{ privacy: 'private' as const }, { status: 'processing' as const, published_at: null }, { status: 'failed' as const, published_at: null }, { privacy: 'friends' as const }, {}]) ids.push(await appVideo(api, author, over));
  await appVideo(api, author, deleted);
  const own = await verb<VideosMsg>(api, 'showVideosOfUser', {}, author.token);
  expect(idsOf(own.msg)).toEqual(ids.toReversed());
  expect(own.msg.Videos.map(({ Video }) => [Video.status, Video.video === ''])).toEqual([['ready', false], ['ready', false], ['failed', true], ['processing', true], ['ready', false]]);
  const others = await verb<VideosMsg>(api, 'showVideosOfUser', { user_id: author.id }, (await appUser(api)).token);
  expect(idsOf(others.msg)).toEqual([ids.at(-1)]);
});

test('what is not for everybody has a token in its URLs', async () => {
  const { author, viewer } = await stage({ author: { is_private: true } });
  const { msg } = await verb<VideosMsg>(api, 'showVideosOfUser', { user_id: author.id }, viewer.token);
  const { video, thum } = msg.Videos[0]!.Video;
  expect([video, thum]).toEqual([expect.stringMatching(/master\.m3u8\?token=ey[\w.-]+$/), expect.stringMatching(/thumbnail\.jpg\?token=ey[\w.-]+$/)]);
});

test.each([
  ['deleted', async (viewer: TestAppUser, owner: TestAppUser) => api.deps.db.updateTable('app_users').set(deleted).where('id', '=', owner.id).execute(), /not there/],
  ['one who has blocked the viewer', (viewer: TestAppUser, owner: TestAppUser) => block(api, owner, viewer), /blocked/],
  ['one whom the viewer has blocked', (viewer: TestAppUser, owner: TestAppUser) => block(api, viewer, owner), /blocked/],
  ['private', async (viewer: TestAppUser, owner: TestAppUser) => api.deps.db.updateTable('app_users').set({ is_private: true }).where('id', '=', owner.id).execute(), /private/],
])('lists of a user who is %s are refused with the reason', async (_, change, reason) => {
  const [viewer, owner] = [await appUser(api), await appUser(api, { privacy: JSON.stringify({ liked_videos: 'everyone' }) })];
  await change(viewer, owner);
  for (const name of ['showVideosOfUser', 'showLikedVideos']) {
    expect(await verb(api, name, { user_id: owner.id }, viewer.token)).toEqual({ code: 201, msg: expect.stringMatching(reason) });
  }
});

test('what somebody likes is theirs until they say otherwise', async () => {
  const [viewer, owner] = [await appUser(api), await appUser(api)];
  expect(await verb(api, 'showLikedVideos', { user_id: owner.id }, viewer.token)).toEqual({ code: 201, msg: expect.stringMatching(/keeps to themselves/) });
  expect(await verb(api, 'showLikedVideos', {})).toEqual({ code: 201, msg: expect.stringMatching(/user_id/) });
  expect(await verb(api, 'showFollowingVideos', {})).toMatchObject({ code: 401 });
  expect(await verb(api, 'showVideosOfUser', { user_id: 'me' }, viewer.token)).toEqual({ code: 201, msg: expect.stringMatching(/user_id/) });
});

const PAGED: [string, (scene: Scene, n: number) => Promise<string>][] = [
  ['following', ({ author }) => appVideo(api, author, { age_ms: 0 })],
  ['of the author', ({ author }) => appVideo(api, author)],
  ['hashtag', ({ author, hashtag }) => appVideo(api, author, { hashtag })],
  ['sound', ({ author, sound }) => appVideo(api, author, { sound_id: sound.id })],
  [
    'own likes',
    async ({ author, viewer }) => {
      const id = await appVideo(api, author);
      await like(api, viewer, id);
      return id;
    },
  ],
];

test.each(PAGED)('pages of %s hold while a hundred arrive, by page number and by cursor', async (name, add) => {
  for (const turn of ['page', 'cursor']) {
    const scene = await stage({ video: { age_ms: DAY } });
    const [verbName, fields] = LISTS[name]!(scene);
    const expected = [scene.video];
    for (let n = 0; n < 49; n++) expected.unshift(name === 'following' ? await appVideo(api, scene.author, { age_ms: DAY - (n + 1) * 60_000 }) : await add(scene, n));
    const seen: string[] = [];
    let next = '';
    for (let page = 0; page < 3; page++) {
      const { msg } = await verb<VideosMsg>(api, verbName, { ...fields, ...(turn === 'page' ? { starting_point: String(page) } : { cursor: next }) }, scene.viewer.token);
      seen.push(...idsOf(msg));
      next = msg.next;
      if (page === 0) for (let n = 0; n < 100; n++) await add(scene, n + 100);
    }
    expect([turn, next, seen]).toEqual([turn, '', expected]);
    expect((await verb<VideosMsg>(api, verbName, { ...fields, starting_point: '3' }, scene.viewer.token)).msg.Videos).toHaveLength(turn === 'page' ? 0 : 20);
  }
});

test('the newest of all who are followed come in order, though one of them fills pages alone', async () => {
  const viewer = await appUser(api);
  const expected: [number, string][] = [];
  for (let a = 0; a < 30; a++) {
    const author = await appUser(api);
    await follow(api, viewer, author, a === 29 ? 'requested' : 'accepted');
    for (let n = 0; n < (a === 0 ? 45 : 2); n++) {
      const age_ms = a === 0 ? n * 60_000 : (a + 1) * HOUR + n * 20.5 * HOUR;
      const id = await appVideo(api, author, { age_ms });
      if (a !== 29) expected.push([age_ms, id]);
    }
  }
  const seen: string[] = [];
  for (let page = 0; page < 6; page++) seen.push(...idsOf((await verb<VideosMsg>(api, 'showFollowingVideos', { starting_point: page }, viewer.token)).msg));
  expect(seen).toEqual(expected.toSorted(([one], [other]) => one - other).map(([, id]) => id));
});
