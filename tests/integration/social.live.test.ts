import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { findStreamByKey } from '../../db/stream-access.repository.ts';
import { newId } from '../../db/ids.ts';
import { ask, closeClients, connectChat, joinChat, startChat } from '../helpers/chat.ts';
import { appUser, verb, type TestAppUser } from '../helpers/social.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';
import { liveStreamOf } from '../helpers/wallet.ts';

interface Live {
  streaming_id: string;
  rtmp_url: string;
  playback_url: string;
  stream_key: string;
  whip_url: string;
}
interface Shown {
  LiveStreams: { LiveStream: { streaming_id: string; title: string; status: string; privacy: string; playback_url: string; play_token: string }; User: { id: string; button: string } }[];
  next: string;
}

let api: TestApi;
let ada: TestAppUser;

beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  ada = await appUser(api);
  api.temporal.calls.length = 0;
});

const go = async (by = ada, fields: object = {}) => (await verb<Live>(api, 'liveStream', { ...fields }, by.token)).msg;
const streamOf = (id: string) => api.deps.db.selectFrom('streams').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const onAir = (id: string) => api.deps.db.updateTable('streams').set({ status: 'live', start_time: new Date() }).where('id', '=', id).execute();
const calls = () => api.temporal.calls.map(({ name, args }) => [name, (args[0] as { stream_id: string }).stream_id]);
const shown = async (viewer: TestAppUser, fields: object = {}) => (await verb<Shown>(api, 'showLiveStreams', { ...fields }, viewer.token)).msg;
const idsFor = async (viewer: TestAppUser) => (await shown(viewer)).LiveStreams.map(({ LiveStream: { streaming_id } }) => streaming_id);
const follow = (follower: TestAppUser, followee: TestAppUser, state: 'accepted' | 'requested' = 'accepted') => api.deps.db.insertInto('follows').values({ follower_id: follower.id, followee_id: followee.id, state }).execute();

describe('liveStream', () => {
  test('makes a stream as POST /streams does, and says where to publish and to watch', async () => {
    const live = await go(ada, { title: 'Friday', record: '0' });
    expect(live).toEqual({
      streaming_id: expect.any(String),
      rtmp_url: `rtmp://127.0.0.1:1935/live/${live.stream_key}`,
      playback_url: `http://127.0.0.1:8090/hls/${live.streaming_id}/index.m3u8`,
      stream_key: expect.stringMatching(/^sk_/),
      whip_url: 'http://127.0.0.1:8090/whip',
    });
    expect(await streamOf(live.streaming_id)).toMatchObject({ user_id: ada.id, workspace_id: ada.row.workspace_id, title: 'Friday', record: false, visibility: 'public', status: 'waiting' });
    expect((await findStreamByKey(api.deps.db, live.stream_key))!.id).toBe(live.streaming_id);
    expect(calls()).toEqual([['startBroadcast', live.streaming_id]]);
  });

  test('has a title of its own, and records, where nothing is said', async () => {
    expect(await streamOf((await go()).streaming_id)).toMatchObject({ title: `${ada.username} is live`, record: true });
  });

  test('of a private account is for its followers, whatever is asked, and its URL has a token', async () => {
    const shy = await appUser(api, { is_private: true });
    const live = await go(shy, { privacy: 'public' });
    expect([(await streamOf(live.streaming_id)).visibility, live.playback_url]).toEqual(['private', expect.stringMatching(/index\.m3u8\?token=.+/)]);
    expect((await streamOf((await go(ada, { privacy: 'private' })).streaming_id)).visibility).toBe('private');
  });

  test('goes on for followers alone when its account becomes private', async () => {
    const [live, over, viewer] = [await liveStreamOf(api, ada), await liveStreamOf(api, ada), await appUser(api)];
    await api.deps.db.updateTable('streams').set({ status: 'ended' }).where('id', '=', over).execute();
    const before = (await api.call('GET', `/streams/${live}/public`)).status;
    expect((await verb(api, 'editProfile', { private: '1' }, ada.token)).code).toBe(200);
    expect([before, (await api.call('GET', `/streams/${live}/public`)).status]).toEqual([200, 401]);
    expect([(await streamOf(live)).visibility, (await streamOf(over)).visibility]).toEqual(['private', 'public']);
    expect(await idsFor(viewer)).not.toContain(live);
    await follow(viewer, ada);
    expect((await shown(viewer)).LiveStreams.find(({ LiveStream: { streaming_id } }) => streaming_id === live)!.LiveStream.play_token).not.toBe('');
  });

  test('ends what was open before: nobody is live twice', async () => {
    const [first, second] = [await go(), await go()];
    expect((await streamOf(first.streaming_id)).deleted_at).not.toBeNull();
    await onAir(second.streaming_id);
    const third = await go();
    expect(calls()).toEqual([
      ['startBroadcast', first.streaming_id],
      ['endBroadcast', first.streaming_id],
      ['startBroadcast', second.streaming_id],
      ['endBroadcast', second.streaming_id],
      ['startBroadcast', third.streaming_id],
    ]);
  });

  test('asks that followers be told only where that is wanted', async () => {
    const [quiet, loud] = [await go(ada, { notify_followers: '0' }), await go(ada, { notify_followers: '1' })];
    const asked = await api.deps.db.selectFrom('live_calls').select(['stream_id', 'user_id', 'done_at']).where('stream_id', 'in', [quiet.streaming_id, loud.streaming_id]).execute();
    expect(asked).toEqual([{ stream_id: loud.streaming_id, user_id: ada.id, done_at: null }]);
  });

  test('refuses what it does not know, and callers without a token', async () => {
    expect(await verb<string>(api, 'liveStream', { privacy: 'friends' }, ada.token)).toEqual({ code: 201, msg: expect.stringContaining('privacy') });
    expect((await verb(api, 'liveStream')).code).toBe(401);
    expect((await verb<string>(api, 'liveStream', { title: 'x'.repeat(201) }, ada.token)).code).toBe(201);
  });
});

describe('endLiveStream', () => {
  const end = (by: TestAppUser, fields: object = {}) => verb(api, 'endLiveStream', { ...fields }, by.token);

  test('ends it, by its id or whatever is open, and is no fault a second time', async () => {
    const live = await go();
    await onAir(live.streaming_id);
    expect(await end(ada, { streaming_id: live.streaming_id })).toEqual({ code: 200, msg: { streaming_id: live.streaming_id, ended: '1' } });
    expect(calls().at(-1)).toEqual(['endBroadcast', live.streaming_id]);
    await api.deps.db.updateTable('streams').set({ status: 'ended' }).where('id', '=', live.streaming_id).execute();
    const before = calls().length;
    expect((await end(ada, { streaming_id: live.streaming_id })).code).toBe(200);
    expect((await end(ada)).code).toBe(200);
    expect(calls()).toHaveLength(before);
  });

  test('ends nobody else’s', async () => {
    const live = await go();
    expect((await end(await appUser(api), { streaming_id: live.streaming_id })).code).toBe(201);
    expect((await end(ada, { streaming_id: newId() })).code).toBe(201);
    expect(calls().some(([name]) => name === 'endBroadcast')).toBe(false);
  });
});

describe('showLiveStreams', () => {
  test('shows who is live, the latest first, with the person', async () => {
    const [early, late] = [await liveStreamOf(api, ada), await liveStreamOf(api, await appUser(api))];
    const viewer = await appUser(api);
    await follow(viewer, ada);
    const { LiveStreams } = await shown(viewer);
    expect(LiveStreams.map(({ LiveStream: { streaming_id } }) => streaming_id).slice(0, 2)).toEqual([late, early]);
    expect(LiveStreams[1]).toMatchObject({ LiveStream: { title: 'Friday live', status: 'live', privacy: 'public', play_token: '', playback_url: `http://127.0.0.1:8090/hls/${early}/index.m3u8` }, User: { id: ada.id, button: 'following' } });
  });

  test('hides who waits or is over, who is deleted, whom a block hides, and what is private from strangers', async () => {
    const [viewer, blocker, blocked, gone, shy, followed] = await Promise.all([appUser(api), appUser(api), appUser(api), appUser(api), appUser(api, { is_private: true }), appUser(api, { is_private: true })]);
    const hidden: string[] = [];
    for (const status of ['waiting', 'ending', 'ended'] as const) {
      const id = await liveStreamOf(api, ada);
      await api.deps.db.updateTable('streams').set({ status }).where('id', '=', id).execute();
      hidden.push(id);
    }
    for (const owner of [blocker, blocked, gone, shy]) hidden.push(await liveStreamOf(api, owner));
    hidden.push(await liveStreamOf(api, ada, { visibility: 'private' }));
    const seen = await liveStreamOf(api, followed, { visibility: 'private' });
    await api.deps.db.insertInto('blocks').values([{ user_id: blocker.id, blocked_id: viewer.id }, { user_id: viewer.id, blocked_id: blocked.id }]).execute();
    await api.deps.db.updateTable('app_users').set({ deleted_at: new Date() }).where('id', '=', gone.id).execute();
    await follow(viewer, shy, 'requested');
    await follow(viewer, followed);
    const ids = await idsFor(viewer);
    expect(ids.filter((id) => hidden.includes(id))).toEqual([]);
    expect(ids).toContain(seen);
  });

  test('gives followers a token with which they may join a private stream’s chat', async () => {
    const [viewer, shy] = [await appUser(api), await appUser(api, { is_private: true })];
    const id = await liveStreamOf(api, shy, { visibility: 'private' });
    await follow(viewer, shy);
    const { play_token, playback_url } = (await shown(viewer)).LiveStreams.find(({ LiveStream: { streaming_id } }) => streaming_id === id)!.LiveStream;
    expect(playback_url).toContain(encodeURIComponent(play_token));
    const process = await startChat(api);
    try {
      await expect(joinChat(process.url, viewer.token, id)).rejects.toThrow('refused');
      expect(await ask(await connectChat(process.url, viewer.token), 'join', { stream_id: id, token: play_token })).toMatchObject({ ok: true });
    } finally {
      closeClients();
      await process.close();
    }
  });

  test('turns pages', async () => {
    const people = await Promise.all(Array.from({ length: 25 }, () => appUser(api)));
    for (const person of people) await liveStreamOf(api, person);
    const viewer = await appUser(api);
    const first = await shown(viewer);
    await liveStreamOf(api, await appUser(api));
    const [byPlace, byNumber] = [await shown(viewer, { cursor: first.next }), await shown(viewer, { starting_point: 1 })];
    expect(first.LiveStreams).toHaveLength(20);
    expect(byNumber.LiveStreams.map(({ LiveStream }) => LiveStream.streaming_id)).toEqual(byPlace.LiveStreams.map(({ LiveStream }) => LiveStream.streaming_id));
    expect(byPlace.LiveStreams.some(({ LiveStream: { streaming_id } }) => first.LiveStreams.some(({ LiveStream }) => LiveStream.streaming_id === streaming_id))).toBe(false);
  });
});
