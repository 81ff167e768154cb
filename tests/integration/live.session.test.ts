import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { consumeOnce } from '../../activities/live/session.ts';
import type { SessionDeps } from '../../activities/live/session.ts';
import type { ConsumeOutcome } from '../../domain/contracts/livestream.ts';
import type { ActionSender } from '../../domain/contracts/action.ts';
import type { NewRow } from '../../db/schema.ts';
import { createSandbox, type Sandbox } from '../../sandbox/server.ts';
import { controlOf } from '../helpers/api-client.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { sessionHarness, type SessionHarness } from '../helpers/live-session.ts';
import { seedLivestream, seedRule, seedWorkspace } from '../helpers/seed.ts';

let database: TestDatabase;
let sandbox: Sandbox;
let control: ReturnType<typeof controlOf>;
let harness: SessionHarness;
let workspace_id: string;
let room: string;
let stop: AbortController;
let running: Promise<ConsumeOutcome | null>[];
let roomNumber = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  sandbox = await createSandbox({});
  control = controlOf(sandbox.url);
});
afterAll(async () => {
  await sandbox.close();
  await database.drop();
});
beforeEach(async () => {
  ({ workspace_id } = await seedWorkspace(database.db));
  room = `room${++roomNumber}`;
  stop = new AbortController();
  running = [];
  await control.post('/rooms', { name: room, history: 0 });
});
afterEach(async () => {
  stop.abort(new Error('test over'));
  await Promise.allSettled(running);
  await harness.close();
});

async function start(over: Partial<SessionDeps> & { send?: ActionSender } = {}, livestream: Partial<NewRow<'livestreams'>> = {}): Promise<string> {
  harness = sessionHarness(database, sandbox.url, over);
  const id = await seedLivestream(database.db, workspace_id, { tiktok_input: `@${room}`, tiktok_username: room, ...livestream });
  void consume(id);
  return id;
}
function consume(id: string, signal = stop.signal): Promise<ConsumeOutcome | null> {
  const run = consumeOnce(harness.deps, { livestream_id: id, workspace_id }, () => undefined, signal);
  running.push(run);
  run.catch(() => undefined);
  return run;
}
const rowOf = (id: string) => database.db.selectFrom('livestreams').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const eventsOf = (id: string) => database.db.selectFrom('events').selectAll().where('livestream_id', '=', id).orderBy('position').execute();
const live = (id: string) => eventually(async () => (await rowOf(id)).status === 'live' && control.get<{ sockets: number }>(`/rooms/${room}`).then((state) => state));
const push = (events: object | object[]) => control.post(`/rooms/${room}/events`, events);

describe('a session', () => {
  test('stores every kind of event with its counters and tells who is there', async () => {
    const id = await start();
    await live(id);
    await push([
      { type: 'comment', comment: 'hello', language: 'en', user: 'anna' },
      { type: 'gift', gift: 'Rose', repeat_count: 5, repeat_end: true, user: 'ben' },
      { type: 'like', like_count: 15, total_likes: 1_015, user: 'anna' },
      { type: 'join', viewer_count: 42, user: 'cleo' },
      { type: 'follow', follow_count: 7, user: 'cleo' },
      { type: 'share', share_target: 'whatsapp', user: 'cleo' },
      { type: 'room_user', viewer_count: 43 },
    ]);
    await eventually(async () => (await rowOf(id)).total_events === 7);
    expect(await rowOf(id)).toMatchObject({ total_comments: 1, total_gifts: 5, total_likes: 15, total_joins: 1, total_follows: 1, total_shares: 1, viewer_count: 43, tiktok_username: room });
    const events = await eventsOf(id);
    expect(events.map((event) => event.type)).toEqual(['connect', 'comment', 'gift', 'like', 'join', 'follow', 'share']);
    expect(events[2]!.data).toMatchObject({ username: 'ben', gift_name: 'Rose', diamond_count: 1, repeat_count: 5, total_diamonds: 5, streak_status: 'ended', increment: 5 });
    expect(events[3]!.data).toMatchObject({ like_count: 15, total_likes: 1_015 });
  });

  test('acknowledges a frame only after it was stored', async () => {
    const id = await start();
    await live(id);
    await push({ type: 'comment', comment: 'x' });
    await eventually(async () => (await rowOf(id)).total_comments === 1);
    await eventually(async () => JSON.stringify(await control.get(`/rooms/${room}`)).includes('ack'));
  });

  test('ends with the LIVE, whose end is stored', async () => {
    const id = await start();
    await live(id);
    await control.post(`/rooms/${room}/end`);
    expect(await running[0]).toMatchObject({ kind: 'live_ended' });
    expect((await eventsOf(id)).map((event) => event.type)).toEqual(['connect', 'live_end', 'disconnect']);
  });

  test('that was cut resumes at the cursor: nothing is lost, nothing stored twice', async () => {
    const id = await start();
    await live(id);
    await push({ type: 'comment', comment: 'before' });
    await eventually(async () => (await rowOf(id)).total_comments === 1);
    await control.post(`/rooms/${room}/drop`);
    expect(await running[0]).toMatchObject({ kind: 'dropped', code: 'socket_closed' });
    await push([{ type: 'comment', comment: 'meanwhile 1' }, { type: 'comment', comment: 'meanwhile 2' }]);
    void consume(id);
    await eventually(async () => (await rowOf(id)).total_comments === 3);
    const comments = (await eventsOf(id)).filter((event) => event.type === 'comment');
    expect(comments.map((event) => [event.data.comment, event.is_history])).toEqual([['before', false], ['meanwhile 1', false], ['meanwhile 2', false]]);
    const connections = await database.db.selectFrom('livestream_connections').selectAll().where('livestream_id', '=', id).orderBy('connected_at').execute();
    expect(connections).toHaveLength(2);
    expect(connections[0]!.disconnected_at).not.toBeNull();
  });

  test('whose socket is dead finds out by a ping, and a quiet one stays', async () => {
    const id = await start();
    await live(id);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((await rowOf(id)).status).toBe('live');
    expect(await Promise.race([running[0]!, Promise.resolve('running')])).toBe('running');
    await control.post(`/rooms/${room}/freeze`);
    expect(await running[0]).toMatchObject({ kind: 'dropped', code: 'socket_silent' });
  }, 30_000);

  test('fires no rule on the backlog, and stores it as history', async () => {
    await seedRule(database.db, workspace_id);
    await control.patch(`/rooms/${room}`, { history: 3 });
    await push([1, 2, 3].map((n) => ({ type: 'comment', comment: `old ${n}` })));
    const id = await start();
    await live(id);
    await push({ type: 'comment', comment: 'new' });
    await eventually(() => harness.sent.length > 0);
    const comments = (await eventsOf(id)).filter((event) => event.type === 'comment');
    expect(comments.map((event) => event.is_history)).toEqual([true, true, true, false]);
    expect(harness.sent).toHaveLength(1);
  });

  test('fires once on a combo, also when its end never comes', async () => {
    await seedRule(database.db, workspace_id, { event_type: 'gift' });
    const id = await start();
    await live(id);
    for (const repeat_count of [1, 2, 3]) await push({ type: 'gift', gift: 'Rose', group_id: '77', user: 'ben', repeat_count, repeat_end: false });
    await eventually(() => harness.sent.length > 0);
    await push({ type: 'gift', gift: 'Rose', group_id: '77', user: 'ben', repeat_count: 5, repeat_end: true });
    await eventually(async () => (await rowOf(id)).total_gifts === 5);
    expect(harness.sent).toHaveLength(1);
    expect((await eventsOf(id)).map((event) => event.data.streak_status).filter(Boolean)).toEqual(['started', 'running', 'running', 'ended', 'running']);
  });

  test('closes a streak that a predecessor left open, once', async () => {
    await seedRule(database.db, workspace_id, { event_type: 'gift' });
    const id = await start();
    await live(id);
    await push({ type: 'gift', gift: 'Rose', group_id: '78', user: 'ben', repeat_count: 4, repeat_end: false });
    await eventually(async () => (await rowOf(id)).total_gifts === 4);
    stop.abort(new Error('killed'));
    await running[0];
    expect(harness.sent).toHaveLength(0);
    stop = new AbortController();
    void consume(id);
    await eventually(() => harness.sent.length > 0);
    expect((await rowOf(id)).total_gifts).toBe(4);
  });

  test('takes a rule change up by its notice, long before the next regular reading', async () => {
    const id = await start();
    await live(id);
    const ruleId = await seedRule(database.db, workspace_id);
    await database.pool.query('select pg_notify($1, $2)', ['showrunner_rules', workspace_id]);
    await eventually(async () => {
      await push({ type: 'comment', comment: 'x' });
      return harness.sent.length > 0;
    }, { intervalMs: 100 });
    await database.db.updateTable('rules').set({ is_active: false }).where('id', '=', ruleId).execute();
  });

  test('hands on what its predecessor left pending, with the same key', async () => {
    await seedRule(database.db, workspace_id);
    const id = await start();
    await live(id);
    await push({ type: 'comment', comment: 'x' });
    await eventually(() => harness.sent.length === 1);
    await eventually(async () => (await database.db.selectFrom('execution_actions').select('status').where('livestream_id', '=', id).executeTakeFirst())?.status === 'succeeded');
    await database.db.updateTable('execution_actions').set({ status: 'pending' }).where('livestream_id', '=', id).execute();
    await control.post(`/rooms/${room}/drop`);
    await running[0];
    void consume(id);
    await eventually(() => harness.sent.length === 2);
    expect(harness.sent[1]!.id).toBe(harness.sent[0]!.id);
  });
});

describe('what TikTok refuses', () => {
  test.each([
    ['an unknown user', 'nobody_there', {}, { kind: 'refused', code: 'user_not_found' }],
    ['a user who is not live', 'offline', {}, { kind: 'not_live', code: 'user_offline' }],
    ['a sign service that wants money', null, { sign: { mode: 'payment_required' } }, { kind: 'refused', code: 'sign_payment_required' }],
    ['a sign service that fails', null, { sign: { mode: 'failing' } }, { kind: 'dropped', code: 'sign_unavailable' }],
    ['a sign service that is asked too often', null, { sign: { mode: 'rate_limited', retry_after_s: 1 } }, { kind: 'rate_limited', code: 'sign_rate_limited' }],
    ['a room for adults', null, { age_restricted: true }, { kind: 'refused', code: 'age_restricted' }],
  ])('%s is an outcome with a reason', async (_what, name, settings, expected) => {
    if (!name) await control.patch(`/rooms/${room}`, settings);
    await start({}, name ? { tiktok_input: `@${name}`, tiktok_username: name } : {});
    const outcome = await running[0];
    expect(outcome).toMatchObject(expected);
    expect(outcome!.reason.length).toBeGreaterThan(10);
  });

  test('a room for adults opens with a session cookie', async () => {
    await control.patch(`/rooms/${room}`, { age_restricted: true });
    const id = await start({}, { session_cookie: 'sessionid=abc123' });
    await live(id);
  });

  test('a second session of the workspace on the same room gives way', async () => {
    const id = await start();
    await live(id);
    const { room_id } = await rowOf(id);
    const twin = await seedLivestream(database.db, workspace_id, { tiktok_input: room_id!, tiktok_username: null });
    expect(await consume(twin)).toMatchObject({ kind: 'refused', code: 'duplicate_session' });
  });
});
