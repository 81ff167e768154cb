import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { newId } from '../../db/ids.ts';
import type { GiftShown } from '../../domain/contracts/app-events.ts';
import { closeClients, joinChat, startChat } from '../helpers/chat.ts';
import { eventually } from '../helpers/eventually.ts';
import { appUser, verb, type TestAppUser } from '../helpers/social.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';
import { balanceOf, enrich, giftNamed, ledgerFaults, liveStreamOf, richUser, videoOf } from '../helpers/wallet.ts';

interface Sent {
  GiftTransaction: { id: string; count: string; coins: string; receiver_id: string; stream_id: string; video_id: string; created: string };
  Gift: { name: string; coins: string };
  User: { wallet: string };
}

let api: TestApi;
let rose: string;
let universe: string;
let streamer: TestAppUser;
let stream_id: string;

beforeAll(async () => {
  api = await createTestApi();
  streamer = await appUser(api);
  stream_id = await liveStreamOf(api, streamer);
  rose = await giftNamed(api, 'Rose');
  universe = await giftNamed(api, 'Universe');
});
afterAll(() => api.close());
afterEach(async () => expect(await ledgerFaults(api)).toEqual([]));

const send = <M = Sent>(by: TestAppUser, fields: Record<string, unknown> = {}) => verb<M>(api, 'sendGift', { gift_id: rose, stream_id, count: 1, request_id: newId(), ...fields }, by.token);
const giftsOf = (sender: TestAppUser) => api.deps.db.selectFrom('gift_transactions').selectAll().where('sender_id', '=', sender.id).execute();

describe('a gift to who is live', () => {
  test('moves its coins and leaves one gift and two entries', async () => {
    const ada = await richUser(api, 100);
    const before = await balanceOf(api, streamer);
    const { code, msg } = await send(ada, { count: '3', receiver_id: streamer.id });
    expect([code, msg]).toEqual([200, expect.objectContaining({ Gift: expect.objectContaining({ name: 'Rose', coins: '10' }), User: expect.objectContaining({ id: ada.id, wallet: '70' }) })]);
    expect(msg.GiftTransaction).toMatchObject({ count: '3', coins: '30', receiver_id: streamer.id, stream_id, video_id: '' });
    expect([await balanceOf(api, ada), (await balanceOf(api, streamer)) - before]).toEqual([70, 30]);
    expect(await giftsOf(ada)).toMatchObject([{ id: msg.GiftTransaction.id, gift_name: 'Rose', gift_count: 3, coins: 30, receiver_id: streamer.id, evaluated_at: null }]);
    const entries = await api.deps.db.selectFrom('coin_transactions').select(['amount', 'balance_after']).where('movement_id', '=', msg.GiftTransaction.id).orderBy('amount').execute();
    expect(entries).toEqual([{ amount: -30, balance_after: 70 }, { amount: 30, balance_after: before + 30 }]);
  });

  test('is answered the same when it is sent again, and given once', async () => {
    const ada = await richUser(api, 100);
    const request_id = newId();
    const first = await send(ada, { request_id, count: 2 });
    await enrich(api, ada, 1_000);
    expect(await send(ada, { request_id, count: 2 })).toEqual(first);
    expect([await balanceOf(api, ada), (await giftsOf(ada)).length]).toEqual([1_080, 1]);
  });

  test('is the same by ids in capitals, as Swift writes them', async () => {
    const ada = await richUser(api, 100);
    const request_id = newId();
    const capitals = { gift_id: rose.toUpperCase(), stream_id: stream_id.toUpperCase(), request_id };
    const first = await send(ada, capitals);
    expect(first.msg.GiftTransaction).toMatchObject({ stream_id, receiver_id: streamer.id });
    expect(await send(ada, capitals)).toEqual(first);
    expect(await send(ada, { request_id })).toEqual(first);
    expect([await balanceOf(api, ada), (await giftsOf(ada)).length]).toEqual([90, 1]);
  });

  test('is answered the same also where it could not be given any more', async () => {
    const ada = await richUser(api, 10);
    const other = await appUser(api);
    const over = await liveStreamOf(api, other);
    const request_id = newId();
    const first = await send(ada, { request_id, stream_id: over });
    expect(first.code).toBe(200);
    // The coins are spent.
    expect(await send(ada, { request_id, stream_id: over })).toEqual(first);
    await api.deps.db.updateTable('streams').set({ status: 'ended' }).where('id', '=', over).execute();
    expect(await send(ada, { request_id, stream_id: over })).toEqual(first);
    expect(await send<string>(ada, { stream_id: over })).toEqual({ code: 201, msg: expect.stringContaining('Nobody publishes') });
  });

  test.each([
    ['another count', { count: 2 }],
    ['another gift', () => ({ gift_id: universe })],
    ['another place', async () => ({ stream_id: await liveStreamOf(api, await appUser(api)) })],
  ])('refuses a request id that was used for %s', async (_name, change) => {
    const ada = await richUser(api, 10_000);
    const request_id = newId();
    await send(ada, { request_id });
    const answer = await send<string>(ada, { request_id, ...(typeof change === 'function' ? await change() : change) });
    expect(answer).toEqual({ code: 201, msg: expect.stringContaining('request id was used for something else') });
    expect(await giftsOf(ada)).toHaveLength(1);
  });

  test('is a new one by the same request id of another sender', async () => {
    const [ada, bob] = [await richUser(api, 10), await richUser(api, 10)];
    const request_id = newId();
    expect([(await send(ada, { request_id })).code, (await send(bob, { request_id })).code]).toEqual([200, 200]);
  });

  test('given by two taps at once is given once, and both are answered the same', async () => {
    const ada = await richUser(api, 1_000);
    const request_id = newId();
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(ada, { request_id })));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect([answers[0]!.code, await balanceOf(api, ada), (await giftsOf(ada)).length]).toEqual([200, 990, 1]);
  });

  test('takes a form, as old apps send it', async () => {
    const ada = await richUser(api, 100);
    const body = new URLSearchParams({ auth_token: ada.token, gift_id: rose, streaming_id: stream_id, video_id: '0', gift_count: '2', request_id: newId(), something: 'else' }).toString();
    const { body: answer } = await api.call<{ code: number; msg: Sent }>('POST', '/api/sendGift', { body, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    expect([answer.code, answer.msg.GiftTransaction.coins]).toEqual([200, '20']);
  });
});

describe('a gift to a video', () => {
  test('goes to its author', async () => {
    const ada = await richUser(api, 100);
    const author = await appUser(api);
    const video_id = await videoOf(api, author);
    const { code, msg } = await send(ada, { stream_id: '', video_id });
    expect([code, msg.GiftTransaction.video_id, await balanceOf(api, author)]).toEqual([200, video_id, 10]);
  });

  test.each([
    ['private', { privacy: 'private' as const }],
    ['not ready', { status: 'processing' as const }],
    ['for friends alone', { privacy: 'friends' as const }],
    ['deleted', { deleted_at: new Date() }],
  ])('that is %s is refused', async (_name, over) => {
    const ada = await richUser(api, 100);
    const video_id = await videoOf(api, await appUser(api), over);
    expect(await send<string>(ada, { stream_id: undefined, video_id })).toEqual({ code: 201, msg: expect.stringContaining('not there') });
    expect(await balanceOf(api, ada)).toBe(100);
  });
});

describe('too few coins', () => {
  test('are told with how many are missing', async () => {
    const ada = await richUser(api, 25);
    expect(await send<string>(ada, { count: 3 })).toEqual({ code: 201, msg: expect.stringMatching(/too few coins.*costs 30, you have 25: 5 are missing/) });
    expect(await send<string>(await appUser(api))).toEqual({ code: 201, msg: expect.stringContaining('10 are missing') });
  });

  test('of 1,000 gifts at once from a wallet with coins for 10, exactly 10 are given', async () => {
    const ada = await richUser(api, 100);
    const before = await balanceOf(api, streamer);
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => send<unknown>(ada)));
    const refused = answers.filter(({ code }) => code !== 200);
    expect(answers.length - refused.length).toBe(10);
    expect(new Set(refused.map(({ code, msg }) => `${code} ${String(msg)}`))).toEqual(new Set(['201 You have too few coins for this. (it costs 10, you have 0: 10 are missing)']));
    expect([await balanceOf(api, ada), (await balanceOf(api, streamer)) - before, (await giftsOf(ada)).length]).toEqual([0, 100, 10]);
  }, 120_000);
});

describe('is refused, and moves nothing', () => {
  let ada: TestAppUser;
  beforeAll(async () => {
    ada = await richUser(api, 10_000_000);
  });
  afterEach(async () => expect(await balanceOf(api, ada)).toBe(10_000_000));

  test.each([[0], [-1], ['-5'], [1.5], ['2.0'], [1_001], ['1e3'], ['99999999999999999999'], [Number.MAX_SAFE_INTEGER], ['NaN'], [''], [[1]], [{ $gt: 0 }], [true]])('the count %j', async (count) => {
    const { code, msg } = await send<string>(ada, { count });
    expect([code, msg]).toEqual([201, expect.stringContaining('count')]);
  });

  test.each([
    ['no request id', { request_id: undefined }, 'request_id'],
    ['a short request id', { request_id: 'abc' }, 'request_id'],
    ['no place', { stream_id: undefined }, 'stream_id'],
    ['a stream and a video', () => ({ video_id: newId() }), 'stream_id'],
    ['two streams', () => ({ streaming_id: newId() }), 'streaming_id'],
    ['a gift that is none', { gift_id: newId() }, 'no such gift'],
    ['no id', { gift_id: 'Rose' }, 'gift_id'],
    ['another receiver than the owner', () => ({ receiver_id: newId() }), 'receiver_id'],
    ['another price than is shown', { coins: 9 }, 'costs 10 by now'],
    ['a stream that is none', { stream_id: newId() }, 'Nobody publishes'],
  ])('%s', async (_name, fields, word) => {
    const { code, msg } = await send<string>(ada, typeof fields === 'function' ? fields() : fields);
    expect([code, msg]).toEqual([201, expect.stringContaining(word)]);
  });

  test('to oneself', async () => {
    const mine = await liveStreamOf(api, ada);
    expect(await send<string>(ada, { stream_id: mine })).toEqual({ code: 201, msg: expect.stringContaining('for somebody else') });
  });

  test.each([['by the sender', true], ['by the receiver', false]])('to one who is blocked %s', async (_name, bySender) => {
    const other = await appUser(api);
    const [user_id, blocked_id] = bySender ? [ada.id, other.id] : [other.id, ada.id];
    await api.deps.db.insertInto('blocks').values({ user_id, blocked_id }).execute();
    expect(await send<string>(ada, { stream_id: await liveStreamOf(api, other) })).toEqual({ code: 201, msg: expect.stringContaining('blocked') });
    expect((await send<string>(ada, { stream_id: '', video_id: await videoOf(api, other) })).code).toBe(201);
  });

  test('to a deleted user', async () => {
    const gone = await appUser(api);
    const theirs = await liveStreamOf(api, gone);
    await api.deps.db.updateTable('app_users').set({ deleted_at: new Date() }).where('id', '=', gone.id).execute();
    expect(await send<string>(ada, { stream_id: theirs })).toEqual({ code: 201, msg: expect.stringContaining('This user is not there') });
  });

  test('to a stream of no user of the app, of another workspace, that waits, or that is over', async () => {
    const [owner, stranger] = [await api.person('member', streamer.row.workspace_id), await api.person()];
    const places = [await liveStreamOf(api, { ...streamer, id: owner.user_id }), await liveStreamOf(api, { ...streamer, id: stranger.user_id, row: { ...streamer.row, workspace_id: stranger.workspace_id } })];
    for (const status of ['waiting', 'ending', 'ended'] as const) {
      const over = await liveStreamOf(api, await appUser(api));
      await api.deps.db.updateTable('streams').set({ status }).where('id', '=', over).execute();
      places.push(over);
    }
    for (const place of places) expect((await send<string>(ada, { stream_id: place })).code).toBe(201);
  });

  test('without a token', async () => {
    expect((await verb(api, 'sendGift', { gift_id: rose, stream_id, request_id: newId() })).code).toBe(401);
  });

  test('a gift that was taken out of the catalogue', async () => {
    const owner = await appOwner();
    const added = await api.call<{ id: string }>('POST', '/social/gifts', { token: owner, body: { name: 'Comet', coins: 5 } });
    await api.call('DELETE', `/social/gifts/${added.body.id}`, { token: owner });
    expect(await send<string>(ada, { gift_id: added.body.id })).toEqual({ code: 201, msg: expect.stringContaining('no such gift') });
  });
});

/** A token of the owner of the app's workspace. */
const appOwner = async (): Promise<string> => (await api.person('owner', streamer.row.workspace_id)).token;

describe('a private stream', () => {
  test('takes gifts of followers alone', async () => {
    const owner = await appUser(api, { is_private: true });
    const theirs = await liveStreamOf(api, owner, { visibility: 'private' });
    const ada = await richUser(api, 100);
    expect((await send<string>(ada, { stream_id: theirs })).code).toBe(201);
    await api.deps.db.insertInto('follows').values({ follower_id: ada.id, followee_id: owner.id, state: 'requested' }).execute();
    expect((await send<string>(ada, { stream_id: theirs })).code).toBe(201);
    await api.deps.db.updateTable('follows').set({ state: 'accepted' }).where('follower_id', '=', ada.id).execute();
    expect((await send(ada, { stream_id: theirs })).code).toBe(200);
  });
});

test('gifts at random between 20 people, both ways and at once, meet no deadlock and lose no coin', async () => {
  const people = await Promise.all(Array.from({ length: 20 }, () => richUser(api, 200)));
  const streams = await Promise.all(people.map((person) => liveStreamOf(api, person)));
  const deadlocks = async () => (await api.database.pool.query<{ deadlocks: number }>('select deadlocks from pg_stat_database where datname = current_database()')).rows[0]!.deadlocks;
  const before = await deadlocks();
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const answers = await Promise.all(
    Array.from({ length: 600 }, () => {
      const from = random(20);
      const to = (from + 1 + random(19)) % 20;
      return send<unknown>(people[from]!, { stream_id: streams[to], count: 1 + random(3) });
    }),
  );
  expect(new Set(answers.map(({ code }) => code))).toEqual(new Set([200, 201]));
  const balances = await Promise.all(people.map((person) => balanceOf(api, person)));
  expect(balances.reduce((sum, balance) => sum + balance, 0)).toBe(20 * 200);
  expect(Math.min(...balances)).toBeGreaterThanOrEqual(0);
  expect(await deadlocks()).toBe(before);
}, 120_000);

test('the stream’s viewers and the receiver see it at once, over Socket.IO, and once only', async () => {
  const process = await startChat(api);
  try {
    api.deps.realtime = process.chat.realtime;
    const [ada, bob] = [await richUser(api, 100), await appUser(api)];
    const [viewer, elsewhere] = [await joinChat(process.url, bob.token, stream_id), await joinChat(process.url, ada.token, await liveStreamOf(api, await appUser(api)))];
    const host = await joinChat(process.url, streamer.token, await liveStreamOf(api, await appUser(api)));
    const request_id = newId();
    const { msg } = await send(ada, { count: 2, request_id });
    await send(ada, { count: 2, request_id });
    const shown = await eventually(() => viewer.told<GiftShown>('gift')[0]);
    expect(shown).toEqual({
      id: msg.GiftTransaction.id,
      stream_id,
      video_id: null,
      sender: { id: ada.id, username: ada.username, profile_pic: '' },
      receiver_id: streamer.id,
      gift: { id: rose, name: 'Rose', coins: 10, image: '' },
      count: 2,
      coins: 20,
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    await eventually(() => host.told('gift').length === 1);
    await send(ada);
    await eventually(() => viewer.told('gift').length === 2);
    expect(elsewhere.told('gift')).toEqual([]);
  } finally {
    closeClients();
    await process.close();
  }
});

test('a workspace that is deleted takes its ledger with it', async () => {
  const other = await createTestApi();
  try {
    const ada = await richUser(other, 100);
    const bob = await appUser(other);
    const gift_id = await giftNamed(other, 'Rose');
    expect((await verb(other, 'sendGift', { gift_id, stream_id: await liveStreamOf(other, bob), request_id: newId() }, ada.token)).code).toBe(200);
    await expect(other.database.pool.query('delete from users where id = $1', [ada.id])).rejects.toMatchObject({ code: '23503' });
    await other.database.pool.query('delete from workspaces where id = $1', [ada.row.workspace_id]);
    for (const table of ['coin_movements', 'coin_transactions', 'coin_accounts', 'gift_transactions'] as const) {
      expect([table, await other.deps.db.selectFrom(table).selectAll().execute()]).toEqual([table, []]);
    }
  } finally {
    await other.close();
  }
});
