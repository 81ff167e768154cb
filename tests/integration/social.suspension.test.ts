import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { sql } from 'kysely';
import { createMediaGate } from '../../activities/streaming/media-gate.ts';
import { ApiError } from '../../api/errors.ts';
import { VERBS } from '../../api/verbs/index.ts';
import { emptyAccount } from '../../db/app-deletion.repository.ts';
import { notifyAppUser } from '../../db/app-notification.repository.ts';
import { lockAppUser } from '../../db/app-user-lock.repository.ts';
import { block } from '../../db/block.repository.ts';
import { follow } from '../../db/follow.repository.ts';
import { newId } from '../../db/ids.ts';
import { insertLiveCall, listLiveStreams, takeLiveCall } from '../../db/live.repository.ts';
import { claimPushes } from '../../db/push-queue.repository.ts';
import { findPublishableStream } from '../../db/stream-access.repository.ts';
import { mentionedViewers } from '../../db/video-notice.ts';
import type { NotificationTold } from '../../domain/contracts/app-events.ts';
import { createLife, giveCoins, wrongCounts, type Life } from '../helpers/account-world.ts';
import { closeClients, connectChat, type Ears } from '../helpers/chat.ts';
import { eventually } from '../helpers/eventually.ts';
import { appUser, verb, type TestAppUser } from '../helpers/social.ts';
import { startAppProcess, type AppProcess } from '../helpers/social-realtime.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';
import { giftNamed, liveStreamOf } from '../helpers/wallet.ts';

const REASON = 'Threats against others';
const SECRET = 'a secret of media servers';
let api: TestApi;
let admin: Person;
beforeAll(async () => {
  api = await createTestApi();
  Object.assign(api.deps.config.streaming, { eventSecret: SECRET });
  const { row } = await appUser(api);
  admin = await api.person('admin', row.workspace_id);
});
afterEach(closeClients);
afterAll(() => api.close());

const act = (what: 'suspend' | 'restore', { id }: Pick<TestAppUser, 'id'>) => api.call<{ code: string }>('POST', `/social/users/${id}/${what}`, { token: admin.token, ...(what === 'suspend' && { body: { reason: REASON } }) });
const suspend = async (user: TestAppUser): Promise<void> => expect((await act('suspend', user)).status).toBe(200);
const restore = async (user: TestAppUser): Promise<void> => expect((await act('restore', user)).status).toBe(200);
const SAID = `This account is suspended: ask the support of the app about it. (${REASON})`;

describe('A suspended user', () => {
  test('is refused by every verb, and by sign-in, with the reason; restored they are let in', async () => {
    const ada = await appUser(api);
    const call = async (name: string) => (await api.call<{ code: number; msg: unknown }>('POST', `/api/${name}`, { headers: { 'auth-token': ada.token }, body: {} })).body;
    const signIn = () => verb<{ User: { id: string } } & string>(api, 'registerUser', { social: 'google', social_id: ada.row.social_id });
    const signedIn = VERBS.filter(({ access }) => access !== 'public');
    expect(signedIn.length).toBeGreaterThan(50);
    await suspend(ada);
    for (const { name } of signedIn) expect([name, await call(name)]).toEqual([name, { code: 401, msg: SAID }]);
    expect(await signIn()).toEqual({ code: 401, msg: SAID });
    await restore(ada);
    expect((await signIn()).msg.User.id).toBe(ada.id);
    expect((await verb(api, 'showUserDetail', {}, ada.token)).code).toBe(200);
  });

  test.each(['suspended', 'deleted'])('has a token that opens no other route either, once they are %s', async (how) => {
    const ada = await appUser(api);
    const calls = () => Promise.all([api.call<{ code: string }>('GET', '/api/auth/me', { token: ada.token }), api.call<{ code: string }>('POST', '/api/workspaces', { token: ada.token, body: { name: 'Mine' } })]);
    expect((await calls()).map(({ status }) => status)).toEqual([200, 201]);
    if (how === 'suspended') await suspend(ada);
    else expect((await verb(api, 'deleteUserAccount', {}, ada.token)).code).toBe(200);
    expect((await calls()).map(({ status, body }) => [status, body.code])).toEqual(Array(2).fill(how === 'suspended' ? [403, 'account_suspended'] : [401, 'unauthenticated']));
  });

  test('keeps their wallet: what is given back meanwhile is theirs, and nothing is pushed', async () => {
    const ada = await appUser(api);
    await suspend(ada);
    expect(await lockAppUser(api.deps.db, ada.row.workspace_id, ada.id)).toBe(true);
    await giveCoins(api.deps.db, ada, 20);
    await notifyAppUser(api.deps.db, { workspace_id: ada.row.workspace_id, user_id: ada.id, sender_id: null, kind: 'system', text: 'hello' });
    expect((await claimPushes(api.deps.db, 100, 1)).filter(({ user_id }) => user_id === ada.id)).toEqual([expect.objectContaining({ receiver_is_gone: true })]);
    await restore(ada);
    expect((await verb<{ User: { wallet: string } }>(api, 'showUserDetail', {}, ada.token)).msg.User.wallet).toBe('20');
  });

  test('whose account is emptied leaves no reason behind', async () => {
    const ada = await appUser(api);
    await suspend(ada);
    await emptyAccount(api.deps.db, { user_id: ada.id, workspace_id: ada.row.workspace_id });
    const row = await api.deps.db.selectFrom('app_users').selectAll().where('id', '=', ada.id).executeTakeFirstOrThrow();
    expect(row).toMatchObject({ deleted_at: expect.any(Date), suspended_at: null, suspension_reason: null });
  });
});

describe('To others', () => {
  let life: Life;
  let fan: TestAppUser;
  beforeAll(async () => {
    life = await createLife({ api, deps: { db: api.deps.db, storage: api.deps.media } });
    fan = await appUser(api);
    await verb(api, 'followUser', { user_id: life.ada.id }, fan.token);
    await verb(api, 'followUser', { user_id: fan.id }, life.ada.token);
  });

  const ask = (name: string, fields: object) => verb<unknown>(api, name, { ...fields }, fan.token);

  /** Where the user is to be seen, or can be reached. */
  async function traces({ ada, bob, video_id, other_video_id, vod_id }: Life): Promise<Record<string, boolean>> {
    const names = async (verbName: string, fields: object, what: string): Promise<boolean> => {
      const { code, msg } = await ask(verbName, fields);
      return code === 200 && JSON.stringify(msg).includes(what);
    };
    const opens = async (path: string): Promise<boolean> => (await api.call('GET', path)).status === 200;
    return {
      profile: await names('showUserDetail', { user_id: ada.id }, ada.id),
      'profile by name': await names('showUserDetail', { username: ada.username }, ada.id),
      video: await names('showVideoDetail', { video_id }, video_id),
      'list of videos': await names('showVideosOfUser', { user_id: ada.id }, video_id),
      'who follows bob': await names('showFollowers', { user_id: bob.id }, ada.id),
      'whom bob follows': await names('showFollowing', { user_id: bob.id }, ada.id),
      feed: await names('showRelatedVideos', {}, video_id),
      'followed videos': await names('showFollowingVideos', {}, video_id),
      'hashtag’s videos': await names('showHashtagVideos', { hashtag: 'engine' }, video_id),
      'search of users': await names('search', { type: 'user', keyword: ada.username }, ada.id),
      'search of videos': await names('search', { type: 'video', keyword: 'engine' }, video_id),
      'search of sounds': await names('search', { type: 'sound', keyword: ada.username }, ada.username),
      comments: await names('showVideoComments', { video_id: other_video_id }, 'I like it'),
      messages: await names('sendMessage', { receiver_id: ada.id, message: 'hello', request_id: newId() }, 'hello'),
      conversations: await names('showConversations', {}, ada.username),
      gifts: (await ask('sendGift', { gift_id: await giftNamed(api, 'Rose'), video_id, receiver_id: ada.id, request_id: newId() })).code === 200,
      'own transactions': await names('showTransactions', {}, ada.id),
      follow: await names('followUser', { user_id: ada.id, follow: 1 }, ada.id),
      notification: await names('showNotifications', {}, ada.id),
      'files of the video': await opens(`/app-media/videos/${video_id}/master.m3u8`),
      recording: await opens(`/vod/${vod_id}/public`),
    };
  }
  const figures = async () => (await sql<object>`select id, followers, following, videos, likes from app_users order by id`.execute(api.deps.db)).rows;
  const all = (shown: Record<string, boolean>, value: boolean) => Object.fromEntries(Object.keys(shown).map((name) => [name, value]));

  test('is not there, until restored: then everything is as it was, and every count', async () => {
    await giveCoins(api.deps.db, fan, 1_000);
    const before = await traces(life);
    expect(before).toEqual(all(before, true));
    const counted = await figures();
    await suspend(life.ada);
    const during = await traces(life);
    expect(during).toEqual(all(during, false));
    expect(await figures()).toEqual(counted);
    expect(await wrongCounts(api.deps.db)).toEqual([]);
    await restore(life.ada);
    const after = await traces(life);
    expect(after).toEqual(all(after, true));
    expect(await figures()).toEqual(counted);
    expect(await wrongCounts(api.deps.db)).toEqual([]);
  });

  test('is nobody to write to, to give to, to follow or to block', async () => {
    const { ada, video_id } = life;
    await suspend(ada);
    const gone = { code: 201, msg: expect.stringContaining('This user is not there') };
    expect(await ask('sendMessage', { receiver_id: ada.id, message: 'hello', request_id: newId() })).toEqual(gone);
    expect(await ask('sendGift', { gift_id: await giftNamed(api, 'Rose'), video_id, request_id: newId() })).toEqual(gone);
    for (const [name, fields] of [['followUser', { user_id: ada.id }], ['blockUser', { user_id: ada.id }], ['reportUser', { user_id: ada.id, reason: 'spam' }]] as const) expect(await ask(name, fields)).toEqual(gone);
    // Also where they were suspended a moment after they were looked up.
    const { workspace_id } = fan.row;
    const db = api.deps.db;
    expect(await follow(db, { workspace_id, follower: fan.row, followee_id: ada.id })).toEqual({ kind: 'gone' });
    expect(await block(db, workspace_id, { user_id: fan.id, blocked_id: ada.id })).toBe(false);
    expect(await mentionedViewers(db, { workspace_id, video_id: life.other_video_id, text: `look @${ada.username}` })).toEqual([]);
    await restore(ada);
    expect(await mentionedViewers(db, { workspace_id, video_id: life.other_video_id, text: `look @${ada.username}` })).toEqual([ada.id]);
  });

  test('who asked to follow is not among the requests until they are back, and then is let in', async () => {
    const [shy, asking] = [await appUser(api, { is_private: true }), await appUser(api)];
    await verb(api, 'followUser', { user_id: shy.id }, asking.token);
    const requests = async () => JSON.stringify((await verb(api, 'showFollowRequests', {}, shy.token)).msg);
    const accept = () => verb(api, 'answerFollowRequest', { user_id: asking.id, accept: 1 }, shy.token);
    await suspend(asking);
    expect(await requests()).not.toContain(asking.id);
    expect((await accept()).code).toBe(201);
    await restore(asking);
    expect(await requests()).toContain(asking.id);
    expect((await accept()).code).toBe(200);
    expect(await wrongCounts(api.deps.db)).toEqual([]);
  });
});

describe('What a suspended user shows live', () => {
  let bob: TestAppUser;
  beforeEach(async () => {
    bob = await appUser(api);
    api.temporal.calls.length = 0;
  });
  const ended = () => api.temporal.calls.filter(({ name }) => name === 'endBroadcast').map(({ args }) => (args[0] as { stream_id: string }).stream_id);
  const go = async (user: TestAppUser) => (await verb<{ streaming_id: string; stream_key: string }>(api, 'liveStream', {}, user.token)).msg;
  const lives = async (viewer: TestAppUser): Promise<string> => JSON.stringify((await verb(api, 'showLiveStreams', {}, viewer.token)).msg);
  const publish = (key: string) => {
    const body = new URLSearchParams({ call: 'publish', app: 'live', name: key, clientid: newId() }).toString();
    return api.call<{ detail: string }>('POST', '/webhook/stream-event', { body, headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-signature': createHmac('sha256', SECRET).update(body).digest('hex') } });
  };

  test('ends, also where an encoder has only just begun; nobody sees it, nor gives to it', async () => {
    const fan = await appUser(api);
    const [live, begun, waits, others] = [await liveStreamOf(api, bob), await liveStreamOf(api, bob), await liveStreamOf(api, bob), await liveStreamOf(api, fan)];
    await api.deps.db.updateTable('streams').set({ status: 'waiting' }).where('id', 'in', [begun, waits]).execute();
    await api.deps.db.insertInto('stream_sessions').values({ id: newId(), stream_id: begun, epoch: 1, kind: 'whip', host_id: 'h', key_version: 1 }).execute();
    expect(await lives(fan)).toContain(live);
    await insertLiveCall(api.deps.db, { stream_id: live, workspace_id: bob.row.workspace_id, user_id: bob.id });
    await suspend(bob);
    expect(ended().sort()).toEqual([live, begun].sort());
    expect(await lives(fan)).not.toContain(live);
    expect(await lives(fan)).toContain(others);
    const listed = await listLiveStreams(api.deps.db, { workspace_id: fan.row.workspace_id, viewer_id: fan.id, before: null, offset: 0, limit: 100 });
    expect(listed.map(({ id }) => id)).not.toContain(live);
    expect(await takeLiveCall(api.deps.db, 60_000)).toMatchObject({ stream_id: live, is_gone: true });
    const gift_id = await giftNamed(api, 'Rose');
    expect(await verb(api, 'sendGift', { gift_id, stream_id: live, request_id: newId() }, fan.token)).toEqual({ code: 201, msg: expect.stringContaining('This user is not there') });
    await restore(bob);
    expect(await lives(fan)).toContain(live);
  });

  test('ends also where Temporal was away: the moderator is told, and says it again', async () => {
    const live = await liveStreamOf(api, bob);
    const reporter = await appUser(api);
    const { msg } = await verb<{ Report: { id: string } }>(api, 'reportUser', { user_id: bob.id, reason: 'spam' }, reporter.token);
    const decide = () => api.call<{ code: string }>('POST', `/social/reports/${msg.Report.id}/decide`, { token: admin.token, body: { decision: 'upheld', measure: 'suspend_user', reason: REASON } });
    const { endBroadcast } = api.temporal.streaming;
    api.temporal.streaming.endBroadcast = () => Promise.reject(new ApiError('unavailable', { detail: 'Temporal' }));
    expect(await decide()).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect((await act('suspend', bob)).status).toBe(503);
    api.temporal.streaming.endBroadcast = endBroadcast;
    expect((await verb(api, 'showUserDetail', {}, bob.token)).code).toBe(401);
    expect((await decide()).status).toBe(200);
    await suspend(bob);
    expect(ended()).toEqual([live, live]);

    await restore(bob);
    api.temporal.calls.length = 0;
    expect((await decide()).status).toBe(200);
    expect(ended()).toEqual([]);
  });

  test('is not taken from an encoder, by key or by announcement, until they are restored', async () => {
    const { streaming_id, stream_key } = await go(bob);
    const gate = createMediaGate({ db: api.deps.db, jwtSecret: api.deps.config.jwtSecret });
    await suspend(bob);
    await expect(gate.publisherByKey(stream_key)).rejects.toMatchObject({ code: 'account_suspended', detail: REASON });
    await expect(gate.user(bob.token)).rejects.toMatchObject({ code: 'account_suspended' });
    expect(await publish(stream_key)).toMatchObject({ status: 403, body: { detail: expect.stringContaining('account_suspended') } });
    expect(await findPublishableStream(api.deps.db, streaming_id)).toMatchObject({ status: 'waiting', suspension_reason: REASON });
    await restore(bob);
    expect(await gate.publisherByKey(stream_key)).toMatchObject({ stream_id: streaming_id });
    expect((await gate.user(bob.token)).user_id).toBe(bob.id);
    expect((await publish(stream_key)).status).toBe(302);
  });
});

describe('Connections of a suspended user', () => {
  let process: AppProcess;
  beforeAll(async () => {
    process = await startAppProcess(api);
  });
  afterAll(() => process.close());
  const connect = ({ token }: TestAppUser): Promise<Ears> => connectChat(process.url, token);
  const cut = (ears: Ears): Promise<string> => new Promise((resolve) => ears.client.once('disconnect', resolve));
  /** Until the process listens at PostgreSQL, it hears of nobody. */
  const heard = (ears: Ears, user: TestAppUser) =>
    eventually(async () => {
      await notifyAppUser(api.deps.db, { workspace_id: user.row.workspace_id, user_id: user.id, sender_id: null, kind: 'system', text: 'hello' });
      return eventually(() => ears.told<NotificationTold>('notification').length > 0, { timeoutMs: 500 });
    });

  test('are cut once it can be heard, where nothing could', async () => {
    const ada = await appUser(api);
    const ears = await connect(ada);
    await heard(ears, ada);
    const gone = cut(ears);
    const { pool } = api.deps;
    await pool.query('alter table app_users disable trigger app_users_gone');
    await suspend(ada);
    await pool.query('alter table app_users enable trigger app_users_gone');
    await pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'showrunner-listener'`);
    expect(await gone).toBe('io server disconnect');
  });

  test('are cut at once and refused from then on; restored, they come in and stay', async () => {
    const [ada, bob] = [await appUser(api), await appUser(api)];
    const [first, second, other] = await Promise.all([connect(ada), connect(ada), connect(bob)]);
    await heard(first, ada);
    const cuts = Promise.all([cut(first), cut(second)]);
    await suspend(ada);
    expect(await cuts).toEqual(['io server disconnect', 'io server disconnect']);
    await expect(connect(ada)).rejects.toMatchObject({ data: { code: 'account_suspended', message: SAID } });
    expect(other.client.connected).toBe(true);
    await restore(ada);
    const back = await connect(ada);
    await heard(back, ada);
    expect(back.client.connected).toBe(true);
  });
});
