import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createWake } from '../../activities/shop/messages/wake.ts';
import { callFollowers } from '../../activities/social/gifts/call-followers.ts';
import { evaluateGifts, GIFT_BATCH, type EvaluateGiftsDeps } from '../../activities/social/gifts/evaluate-gifts.ts';
import { workOff } from '../../activities/social/gifts/work-off.ts';
import { createRuleDecider, type RuleDecider } from '../../activities/live/rule-decider.ts';
import { newId } from '../../db/ids.ts';
import { insertLiveCall } from '../../db/live.repository.ts';
import { createListener } from '../../db/listener.ts';
import type { SocialGiftEvent } from '../../domain/contracts/social-event.ts';
import { CHANNELS } from '../../domain/names.ts';
import { TestEventSource } from '../helpers/event-source.ts';
import { eventually } from '../helpers/eventually.ts';
import { quietLog } from '../helpers/quiet-log.ts';
import { seedLivestream, seedRule } from '../helpers/seed.ts';
import { appUser, verb, type TestAppUser } from '../helpers/social.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';
import { giftNamed, liveStreamOf, richUser, videoOf } from '../helpers/wallet.ts';

let api: TestApi;
let rules: RuleDecider;
let owner: Person;
let ada: TestAppUser;
let bob: TestAppUser;
let stream_id: string;
let woken: string[];

beforeAll(async () => {
  api = await createTestApi();
  ada = await richUser(api, 1_000_000, { first_name: 'Ada', last_name: 'L' });
  bob = await appUser(api, { first_name: '', last_name: '' });
  stream_id = await liveStreamOf(api, bob);
  owner = await api.person('owner', ada.row.workspace_id);
});
afterAll(() => api.close());
beforeEach(() => {
  woken = [];
  rules = createRuleDecider({ databaseUrl: api.database.url, name: 'test-rules', logger: quietLog });
});
afterEach(async () => {
  await evaluateGifts(deps());
  await rules.close();
  await api.deps.db.deleteFrom('rules').where('workspace_id', '=', ada.row.workspace_id).execute();
});

const deps = (over: Partial<EvaluateGiftsDeps> = {}): EvaluateGiftsDeps => ({ db: api.deps.db, rules, hint: () => undefined, wake: (target) => void woken.push(target), logger: quietLog, ...over });
const give = async (fields: object = {}): Promise<string> => {
  const { code, msg } = await verb<{ GiftTransaction: { id: string } }>(api, 'sendGift', { gift_id: await giftNamed(api, 'Rose'), stream_id, request_id: newId(), ...fields }, ada.token);
  expect(code).toBe(200);
  return msg.GiftTransaction.id;
};
const events = async (gift: string): Promise<{ id: string; data: Record<string, unknown> }[]> =>
  (await api.deps.db.selectFrom('social_events').selectAll().execute()).filter(({ data }) => data.gift_transaction_id === gift);
const executionsOf = (ruleId: string) => api.deps.db.selectFrom('executions').selectAll().where('rule_id', '=', ruleId).execute();
const log = (message: string) => ({ action_type: 'log' as const, order: 0, config: { message } });
const rule = (over: object = {}) => seedRule(api.deps.db, ada.row.workspace_id, { event_type: 'gift', ...over });

describe('a gift of the app', () => {
  test('fires the rules that a LIVE’s gift fires, by the same fields', async () => {
    const fires = await rule({ conditions: [{ field: 'diamond_count', operator: '>=', value: '10', order: 0 }, { field: 'user.username', operator: '==', value: ada.username, order: 1 }], actions: [log('{{user.nickname}} gave {{receiver.username}} {{repeat_count}} {{gift_name}} for {{total_diamonds}}')] });
    const every = await rule({ fire_on: 'every_update' });
    const too_dear = await rule({ conditions: [{ field: 'total', operator: '>', value: '30', order: 0 }] });
    const gift = await give({ count: 3 });
    expect(await evaluateGifts(deps())).toBe(1);
    const { id } = (await events(gift))[0]!;
    expect(await executionsOf(fires)).toMatchObject([{ event_id: id, status: 'pending', livestream_id: null }]);
    expect(await api.deps.db.selectFrom('execution_actions').select(['action', 'status', 'target']).where('rule_id', '=', fires).execute()).toMatchObject([
      { status: 'retrying', target: `log:${ada.row.workspace_id}:log`, action: { config: { message: `Ada L gave ${bob.username} 3 Rose for 30` } } },
    ]);
    expect(woken).toEqual([`log:${ada.row.workspace_id}:log`]);
    expect([(await executionsOf(every)).length, (await executionsOf(too_dear)).length]).toEqual([1, 0]);
  });

  test('says all that a LIVE’s gift says', async () => {
    const gift = await give({ count: 2 });
    await evaluateGifts(deps());
    const { id } = (await events(gift))[0]!;
    const { body } = await api.call<SocialGiftEvent>('GET', `/api/events/${id}`, { token: owner.token });
    expect(body).toEqual({
      id,
      type: 'gift',
      workspace_id: ada.row.workspace_id,
      livestream_id: null,
      occurred_at: expect.any(String),
      received_at: expect.any(String),
      is_history: false,
      gift_transaction_id: gift,
      user_id: ada.id,
      username: ada.username,
      nickname: 'Ada L',
      avatar_url: null,
      is_follower: false,
      receiver: { id: bob.id, username: bob.username, nickname: bob.username },
      stream_id,
      video_id: null,
      gift_id: await giftNamed(api, 'Rose'),
      gift_name: 'Rose',
      diamond_count: 10,
      repeat_count: 2,
      total_diamonds: 20,
      total: 20,
      streak_id: null,
      streak_status: 'single',
      increment: 2,
      increment_diamonds: 20,
    });
  });

  test('fires no rule that is bound to a livestream, and the explanation says why', async () => {
    const bound = await rule({ livestream_id: await seedLivestream(api.deps.db, ada.row.workspace_id) });
    await api.database.pool.query(`insert into rule_versions (rule_id, version, definition, is_active, valid_from)
      select id, 1, to_jsonb(rules) - 'id', true, now() - interval '1 hour' from rules where id = $1`, [bound]);
    const gift = await give();
    await evaluateGifts(deps());
    expect(await executionsOf(bound)).toEqual([]);
    const { id } = (await events(gift))[0]!;
    const { body } = await api.call<{ rules: object[] }>('GET', `/api/events/${id}/explain`, { token: owner.token });
    expect(body.rules).toMatchObject([{ rule_id: bound, fired: false, reason: 'livestream' }]);
  });

  test('is on the workspace’s stream, in the order of its commits', async () => {
    const source = await TestEventSource.open(api.app, { token: owner.token, query: `workspace_id=${owner.workspace_id}` });
    await source.pull();
    const gifts = [await give(), await give({ stream_id: '', video_id: await videoOf(api, bob) })];
    await evaluateGifts(deps());
    await source.until(() => source.events.length >= 2);
    expect(source.events.map(({ event, data }) => [event, data.gift_transaction_id])).toEqual(gifts.map((gift) => ['gift', gift]));
    await source.close();
  });

  test('of another workspace is not there', async () => {
    const gift = await give();
    await evaluateGifts(deps());
    const { id } = (await events(gift))[0]!;
    const stranger = await api.person();
    expect((await api.call('GET', `/api/events/${id}`, { token: stranger.token })).status).toBe(404);
  });

  test('is told to its receiver, once for many of one sender', async () => {
    const [carol, dave] = [await appUser(api), await appUser(api)];
    const place = await liveStreamOf(api, carol);
    for (let taps = 0; taps < 3; taps += 1) await give({ stream_id: place, count: 2 });
    await give({ stream_id: '', video_id: await videoOf(api, dave) });
    await evaluateGifts(deps());
    const told = (user: TestAppUser) => api.deps.db.selectFrom('app_notifications').select(['kind', 'text', 'sender_id', 'video_id']).where('user_id', '=', user.id).execute();
    expect(await told(carol)).toEqual([{ kind: 'gift', text: `${ada.username} sent you 6 × Rose (60 coins)`, sender_id: ada.id, video_id: null }]);
    expect(await told(dave)).toEqual([{ kind: 'gift', text: `${ada.username} sent you Rose (10 coins)`, sender_id: ada.id, video_id: expect.any(String) }]);
  });
});

describe('however many workers there are', () => {
  test('a rule fires once for each gift', async () => {
    const fires = await rule();
    const gifts: string[] = [];
    for (let sent = 0; sent < 30; sent += 1) gifts.push(await give());
    const counts = await Promise.all(Array.from({ length: 6 }, () => evaluateGifts(deps(), 10)));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(30);
    expect(await executionsOf(fires)).toHaveLength(30);
    for (const gift of gifts) expect(await events(gift)).toHaveLength(1);
  });

  test('one that dies in the middle has done nothing, and the next one does all of it', async () => {
    const fires = await rule();
    const gift = await give();
    const dying = deps({
      rules: {
        async decide(trx, ...rest) {
          const decided = await rules.decide(trx, ...rest);
          await api.database.pool.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and state = $1', ['idle in transaction']);
          return decided;
        },
        close: () => Promise.resolve(),
      },
    });
    await expect(evaluateGifts(dying)).rejects.toThrow();
    expect([await executionsOf(fires), await events(gift), woken]).toEqual([[], [], []]);
    expect(await api.deps.db.selectFrom('gift_transactions').select('evaluated_at').where('id', '=', gift).execute()).toEqual([{ evaluated_at: null }]);
    await Promise.all([evaluateGifts(deps()), evaluateGifts(deps())]);
    expect([(await executionsOf(fires)).length, (await events(gift)).length]).toEqual([1, 1]);
  });

  test('cooldowns hold over all of them', async () => {
    const rare = await rule({ cooldown_ms: 60_000 });
    for (let sent = 0; sent < 6; sent += 1) await give();
    await Promise.all(Array.from({ length: 3 }, () => evaluateGifts(deps(), 2)));
    const reasons = (await executionsOf(rare)).map(({ reason }) => reason);
    expect([reasons.length, reasons.filter((reason) => reason === null).length]).toEqual([6, 1]);
  });

  test('a gift that is sent wakes them at once, and they go on after a fault', async () => {
    const wake = createWake();
    const stop = new AbortController();
    const done: number[] = [];
    let faults = 1;
    const listener = createListener({ url: api.database.url, channels: [CHANNELS.gifts], onNotice: () => wake.wake(), onConnected: () => undefined, onError: () => undefined });
    const work = async (): Promise<boolean> => {
      if (faults-- > 0) throw new Error('the database is away');
      const count = await evaluateGifts(deps());
      if (count > 0) done.push(count);
      return count === GIFT_BATCH;
    };
    const loop = workOff({ work, wake, idleMs: 3_600_000, fault: 'gifts could not be put before the rules', logger: quietLog }, stop.signal);
    // It listens by now, or the next gift is heard.
    await eventually(async () => {
      await give();
      return done.length > 0;
    });
    stop.abort();
    await loop;
    await listener.close();
  });
});

describe('followers of who is live', () => {
  const told = async (stream: string) => (await api.deps.db.selectFrom('app_notifications').select('user_id').where('subject_id', '=', stream).where('kind', '=', 'live').execute()).map(({ user_id }) => user_id).sort();
  const follow = (follower: TestAppUser, followee: TestAppUser, state: 'accepted' | 'requested' = 'accepted') => api.deps.db.insertInto('follows').values({ follower_id: follower.id, followee_id: followee.id, state }).execute();
  const callAll = async (options?: Parameters<typeof callFollowers>[1]): Promise<void> => {
    while (await callFollowers({ db: api.deps.db, logger: quietLog }, options));
  };
  const setStatus = (id: string, status: 'live' | 'waiting' | 'ended') => api.deps.db.updateTable('streams').set({ status }).where('id', '=', id).execute();

  test('are told once it is on air, each once, however many workers and batches it takes; nobody whom a block hides', async () => {
    const star = await appUser(api);
    const fans = await Promise.all(Array.from({ length: 7 }, () => appUser(api)));
    for (const fan of fans) await follow(fan, star);
    await follow(await appUser(api), star, 'requested');
    await api.deps.db.insertInto('blocks').values({ user_id: fans[6]!.id, blocked_id: star.id }).execute();
    const stream = await liveStreamOf(api, star);
    await setStatus(stream, 'waiting');
    await insertLiveCall(api.deps.db, { stream_id: stream, workspace_id: star.row.workspace_id, user_id: star.id });
    await callAll();
    expect(await told(stream)).toEqual([]);
    await setStatus(stream, 'live');
    await Promise.all(Array.from({ length: 3 }, () => callAll({ batch: 2 })));
    expect(await told(stream)).toEqual(fans.slice(0, 6).map(({ id }) => id).sort());
    await callAll();
    expect(await told(stream)).toHaveLength(6);
  });

  test('are told up to a bound, and not of what is over', async () => {
    const star = await appUser(api);
    for (let fan = 0; fan < 5; fan += 1) await follow(await appUser(api), star);
    const [live, over] = [await liveStreamOf(api, star), await liveStreamOf(api, star)];
    await setStatus(over, 'ended');
    for (const stream_id of [live, over]) await insertLiveCall(api.deps.db, { stream_id, workspace_id: star.row.workspace_id, user_id: star.id });
    await callAll({ batch: 2, most: 3 });
    expect([(await told(live)).length, await told(over)]).toEqual([3, []]);
    expect(await api.deps.db.selectFrom('live_calls').select('stream_id').where('done_at', 'is', null).execute()).toEqual([]);
  });
});
