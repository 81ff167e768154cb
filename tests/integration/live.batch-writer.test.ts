import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { BatchWriter } from '../../activities/live/batch-writer.ts';
import { listActiveRules } from '../../db/active-rules.repository.ts';
import { claimLivestream } from '../../db/consumer.repository.ts';
import type { ResumePoint } from '../../db/event-batch.ts';
import type { PendingEvent } from '../../domain/batch.ts';
import type { WireEvent } from '../../domain/contracts/live-event.ts';
import { compileRuleSet } from '../../domain/rules/compile.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { seedLivestream, seedRule, seedWorkspace } from '../helpers/seed.ts';

let database: TestDatabase;
let workspace_id: string;
let livestream_id: string;
const log = { info: jest.fn(), warn: jest.fn(), error: jest.fn() };
const forever = new AbortController().signal;
const resume: ResumePoint = { cursor: 'c1', viewer_count: 7, decode_failures: 0, connection_id: null, totals: {} };

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  ({ workspace_id } = await seedWorkspace(database.db));
  livestream_id = await seedLivestream(database.db, workspace_id);
});

async function writerOf(id = livestream_id): Promise<BatchWriter> {
  const state = (await claimLivestream(database.db, id, 'test'))!;
  const { rules, over_limit } = await listActiveRules(database.db, workspace_id);
  return new BatchWriter({
    pool: database.pool,
    owner: { livestream_id: id, workspace_id, epoch: state.livestream.consumer_epoch },
    last_position: state.livestream.last_position,
    streaks: state.streaks,
    recent_msg_ids: state.recent_msg_ids,
    rules: { current: { rules: compileRuleSet(rules), over_limit }, release: () => undefined },
    log,
  });
}

const user = (id: string) => ({ user_id: id, username: `name${id}`, nickname: `Nick ${id}`, avatar_url: null });
const comment = (msg_id: string, text = 'hello', userId = '1'): PendingEvent => ({
  received_at_ms: Date.now(),
  wire: { type: 'comment', msg_id, occurred_at_ms: Date.now(), is_history: false, user: user(userId), fields: { comment: text, language: 'en' } },
});
const rose = (msg_id: string, repeat_count: number, repeat_end = false): PendingEvent => ({
  received_at_ms: Date.now(),
  wire: {
    type: 'gift',
    msg_id,
    occurred_at_ms: Date.now(),
    is_history: false,
    user: user('1'),
    fields: { gift_id: '5655', gift_name: 'Rose', diamond_count: 1, repeat_count, group_id: 'g1', streakable: true, repeat_end },
  } as WireEvent,
});
const rowOf = (id = livestream_id) => database.db.selectFrom('livestreams').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const executions = () => database.db.selectFrom('executions').selectAll().where('workspace_id', '=', workspace_id).orderBy('id').execute();

describe('a batch', () => {
  test('stores events, counters, executions, actions and the feed together', async () => {
    await seedRule(database.db, workspace_id, { conditions: [{ field: 'comment', operator: 'contains', value: 'LAMP', order: 0 }] });
    const writer = await writerOf();
    const batch = await writer.write([comment('1'), comment('2', 'the lamp please')], resume, forever);
    expect(batch.events.map((event) => event.position)).toEqual([1, 2]);
    expect(await rowOf()).toMatchObject({ total_comments: 2, total_events: 2, last_position: 2, cursor: 'c1', viewer_count: 7 });
    const [execution] = await executions();
    expect(execution).toMatchObject({ event_id: batch.events[1]!.id, status: 'pending' });
    const actions = await database.db.selectFrom('execution_actions').selectAll().where('execution_id', '=', execution!.id).execute();
    expect(actions).toMatchObject([{ status: 'pending', action: { action_type: 'log', config: { message: 'name1' } } }]);
    const feed = await database.db.selectFrom('workspace_feed').selectAll().where('workspace_id', '=', workspace_id).execute();
    expect(feed).toMatchObject([{ seq: 1, kind: 'events', first_position: 1, last_position: 2, livestream_id }]);
  });

  test('repeated in part stores and fires only what is new', async () => {
    await seedRule(database.db, workspace_id);
    await (await writerOf()).write([comment('1'), comment('2')], resume, forever);
    const successor = await writerOf();
    const batch = await successor.write([comment('2'), comment('3'), comment('3')], resume, forever);
    expect(batch.events.map((event) => event.msg_id)).toEqual(['3']);
    expect(await executions()).toHaveLength(3);
    expect(await rowOf()).toMatchObject({ total_comments: 3, last_position: 3 });
  });

  test('whose repeats only the database knows is decided again without them', async () => {
    await seedRule(database.db, workspace_id);
    const old = await writerOf();
    await old.write([comment('1'), comment('2')], resume, forever);
    const state = (await claimLivestream(database.db, livestream_id, 'test'))!;
    const { rules, over_limit } = await listActiveRules(database.db, workspace_id);
    const forgetful = new BatchWriter({
      pool: database.pool,
      owner: { livestream_id, workspace_id, epoch: state.livestream.consumer_epoch },
      last_position: state.livestream.last_position,
      streaks: [],
      recent_msg_ids: [],
      rules: { current: { rules: compileRuleSet(rules), over_limit }, release: () => undefined },
      log,
    });
    const batch = await forgetful.write([comment('1'), comment('3'), comment('2')], resume, forever);
    expect(batch.events.map((event) => event.msg_id)).toEqual(['3']);
    expect(await executions()).toHaveLength(3);
  });

  test('of a consumer that was taken over is refused whole', async () => {
    const old = await writerOf();
    const successor = await writerOf();
    await successor.write([comment('1')], resume, forever);
    await expect(old.write([comment('2')], resume, forever)).rejects.toMatchObject({ code: 'superseded' });
    expect(await rowOf()).toMatchObject({ total_events: 1 });
  });

  test('that was committed although its answer was lost is not stored twice, and goes on', async () => {
    await seedRule(database.db, workspace_id);
    const writer = await writerOf();
    const real = database.pool.query.bind(database.pool) as (...args: unknown[]) => Promise<unknown>;
    const spy = jest.spyOn(database.pool, 'query').mockImplementationOnce((async (...args: unknown[]) => {
      await real(...args);
      throw new Error('Connection terminated unexpectedly');
    }) as never);
    const batch = await writer.write([comment('1')], resume, forever);
    spy.mockRestore();
    expect(batch.executions).toHaveLength(1);
    await writer.write([comment('2')], resume, forever);
    expect(await rowOf()).toMatchObject({ total_comments: 2, last_position: 2 });
    expect(await executions()).toHaveLength(2);
  });

  test('waits while the database refuses, then stores everything', async () => {
    const writer = await writerOf();
    const spy = jest.spyOn(database.pool, 'query');
    for (let i = 0; i < 3; i++) spy.mockImplementationOnce((async () => Promise.reject(new Error('ECONNREFUSED'))) as never);
    await writer.write([comment('1')], resume, forever);
    spy.mockRestore();
    expect(await rowOf()).toMatchObject({ total_comments: 1 });
  });

  test('stores texts that PostgreSQL would refuse: NUL, half an emoji, and backslashes as they are', async () => {
    await seedRule(database.db, workspace_id, { actions: [{ action_type: 'log', order: 0, config: { message: '{{comment}}' } }] });
    const writer = await writerOf();
    await writer.write([comment('1', 'a\u0000b'), comment('2', 'c\ud83dd'), comment('3', String.raw`e\u0000f 😀`)], resume, forever);
    const events = await database.db.selectFrom('events').select('data').where('livestream_id', '=', livestream_id).orderBy('position').execute();
    expect(events.map((event) => event.data.comment)).toEqual(['a\ufffdb', 'c\ufffdd', String.raw`e\u0000f 😀`]);
  });

  test('with one event that can not be stored stores the others and counts it', async () => {
    const writer = await writerOf();
    const poison = comment('3');
    poison.wire = { ...poison.wire, occurred_at_ms: 8.64e15 };
    const batch = await writer.write([comment('1'), comment('2'), poison, comment('4'), comment('5')], resume, forever);
    expect(batch.events.map((event) => event.msg_id)).toEqual(['1', '2', '4', '5']);
    expect(await rowOf()).toMatchObject({ total_comments: 4, total_events: 4 });
    expect((await writer.write([poison, comment('6')], resume, forever)).events.map((event) => event.msg_id)).toEqual(['6']);
  });

  test('of a rule that was deleted meanwhile stores its events', async () => {
    const ruleId = await seedRule(database.db, workspace_id);
    const writer = await writerOf();
    await database.db.deleteFrom('rules').where('id', '=', ruleId).execute();
    const batch = await writer.write([comment('1')], resume, forever);
    expect(batch.executions).toEqual([]);
    expect(await rowOf()).toMatchObject({ total_comments: 1 });
  });
});

describe('a gift streak', () => {
  test('counts once over a restart, and fires once at its end', async () => {
    await seedRule(database.db, workspace_id, { event_type: 'gift' });
    await (await writerOf()).write([rose('1', 1), rose('2', 3)], resume, forever);
    const successor = await writerOf();
    expect([...successor.openStreaks]).toMatchObject([{ counted: 3, is_open: true }]);
    await successor.write([rose('2', 3), rose('3', 5, true), rose('4', 4)], resume, forever);
    expect(await rowOf()).toMatchObject({ total_gifts: 5, total_events: 4 });
    expect(await executions()).toHaveLength(1);
  });
});

describe('a cooldown', () => {
  test('lets one of many matches fire, and says how much is left to the others', async () => {
    await seedRule(database.db, workspace_id, { cooldown_ms: 60_000 });
    const writer = await writerOf();
    await writer.write([comment('1'), comment('2')], resume, forever);
    await writer.write([comment('3')], resume, forever);
    const rows = await executions();
    expect(rows.map((row) => [row.status, row.reason])).toEqual([['pending', null], ['skipped', 'cooldown'], ['skipped', 'cooldown']]);
    expect(rows[2]!.detail).toMatch(/^\d+ ms left$/);
  });

  test('holds over a restart', async () => {
    await seedRule(database.db, workspace_id, { cooldown_ms: 60_000 });
    await (await writerOf()).write([comment('1')], resume, forever);
    await (await writerOf()).write([comment('2')], resume, forever);
    expect((await executions()).map((row) => row.status)).toEqual(['pending', 'skipped']);
  });

  test('by viewer lets each viewer fire once', async () => {
    await seedRule(database.db, workspace_id, { user_cooldown_ms: 60_000 });
    const writer = await writerOf();
    await writer.write([comment('1', 'a', '1'), comment('2', 'a', '2'), comment('3', 'a', '1')], resume, forever);
    expect((await executions()).map((row) => [row.status, row.reason])).toEqual([['pending', null], ['pending', null], ['skipped', 'user_cooldown']]);
  });

  test('of a rule that watches several livestreams is spent once, however many consumers match at once', async () => {
    await seedRule(database.db, workspace_id, { cooldown_ms: 60_000 });
    const ids = await Promise.all([1, 2, 3, 4, 5].map((n) => seedLivestream(database.db, workspace_id, { tiktok_username: `room${n}` })));
    const writers = await Promise.all(ids.map((id) => writerOf(id)));
    await Promise.all(writers.map((writer, index) => writer.write([comment(`m${index}`)], resume, forever)));
    const rows = await executions();
    expect(rows.filter((row) => row.status === 'pending')).toHaveLength(1);
    expect(rows.filter((row) => row.reason === 'cooldown')).toHaveLength(4);
  });
});
