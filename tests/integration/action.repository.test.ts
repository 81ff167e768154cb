import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  adoptAbandoned,
  listPending,
  listRetrying,
  listWaitingTargets,
  markRetrying,
  recordAttempts,
  settleActions,
} from '../../db/action.repository.ts';
import type { AttemptRecord, AttemptResult, RenderedAction } from '../../domain/contracts/action.ts';
import type { RuleAction } from '../../domain/contracts/rule.ts';
import { actionRow, attemptRows, executionRow, seedExecution, seedWorkspace, webhookTo, type Seed } from '../helpers/action-rows.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';

const log: RuleAction = { action_type: 'log', order: 0, config: { message: 'm' } };
const ok: AttemptResult = { outcome: 'succeeded', response: { status: 200, body: 'fine' } };
const later: AttemptResult = { outcome: 'retryable', code: 'target_failed', error: 'it said 500' };
const never: AttemptResult = { outcome: 'failed', code: 'target_refused', error: 'it said 404' };

const record = (action: RenderedAction, result: AttemptResult, attempt = 1): AttemptRecord => ({
  action_id: action.id,
  attempt,
  started_at_ms: Date.now(),
  duration_ms: 7.4,
  result,
});

describe('The outcomes of actions', () => {
  let database: TestDatabase;
  let seed: Seed;
  beforeAll(async () => {
    database = await createTestDatabase();
    seed = await seedWorkspace(database.db);
  });
  afterAll(() => database.drop());

  const one = async (action = log, options = {}): Promise<RenderedAction> =>
    (await seedExecution(database.db, seed, [action], options))[0]!;

  test('finish the action and, with the last one, its execution', async () => {
    const [first, second] = (await seedExecution(database.db, seed, [log, log], { created_at: new Date(Date.now() - 500) })) as [
      RenderedAction,
      RenderedAction,
    ];
    await recordAttempts(database.pool, [record(first, ok)]);
    expect(await executionRow(database.db, first.execution_id)).toMatchObject({ status: 'pending', finished_at: null });
    await recordAttempts(database.pool, [record(second, ok)]);
    expect(await executionRow(database.db, first.execution_id)).toMatchObject({ status: 'succeeded', reason: null });
    const row = await actionRow(database.db, second.id);
    expect(row).toMatchObject({ status: 'succeeded', attempts: 1, response: { status: 200, body: 'fine' } });
    expect(row.latency_ms).toBeGreaterThanOrEqual(500);
    expect((await executionRow(database.db, first.execution_id)).duration_ms).toBeGreaterThanOrEqual(500);
  });

  test('leave an action retrying after a retryable one, and keep every attempt', async () => {
    const action = await one();
    await recordAttempts(database.pool, [record(action, later)]);
    expect(await actionRow(database.db, action.id)).toMatchObject({
      status: 'retrying',
      error_code: 'target_failed',
      finished_at: null,
      latency_ms: null,
    });
    await recordAttempts(database.pool, [record(action, ok, 2)]);
    expect(await actionRow(database.db, action.id)).toMatchObject({ status: 'succeeded', error: null, attempts: 2 });
    expect(await attemptRows(database.db, action.id)).toMatchObject([
      { attempt: 1, outcome: 'retryable', code: 'target_failed', duration_ms: 7 },
      { attempt: 2, outcome: 'succeeded', response_status: 200 },
    ]);
  });

  test('make the execution failed with the first error in order', async () => {
    const actions = await seedExecution(database.db, seed, [log, { ...log, order: 1 }, { ...log, order: 2 }]);
    await recordAttempts(database.pool, [
      record(actions[2]!, { ...never, error: 'third' }),
      record(actions[1]!, { ...never, error: 'second' }),
      record(actions[0]!, ok),
    ]);
    expect(await executionRow(database.db, actions[0]!.execution_id)).toMatchObject({ status: 'failed', detail: 'second' });
  });

  test('make the execution skipped where all its actions were too old, and succeeded where one was not', async () => {
    const [all] = await seedExecution(database.db, seed, [log]);
    const mixed = await seedExecution(database.db, seed, [log, log]);
    const expired = { status: 'skipped', code: null, error: 'too old' } as const;
    await settleActions(
      database.pool,
      [
        { action_id: all!.id, ...expired },
        { action_id: mixed[0]!.id, ...expired },
      ],
      Date.now(),
    );
    await recordAttempts(database.pool, [record(mixed[1]!, ok)]);
    expect(await executionRow(database.db, all!.execution_id)).toMatchObject({ status: 'skipped', reason: 'max_age' });
    expect(await executionRow(database.db, mixed[0]!.execution_id)).toMatchObject({ status: 'succeeded', reason: null });
    expect(await attemptRows(database.db, all!.id)).toEqual([]);
  });

  test('are the same when written twice, and never change a final status', async () => {
    const action = await one();
    const first = record(action, ok);
    await recordAttempts(database.pool, [first]);
    const before = await actionRow(database.db, action.id);
    await recordAttempts(database.pool, [first]);
    await recordAttempts(database.pool, [record(action, later, 2)]);
    expect(await actionRow(database.db, action.id)).toEqual(before);
  });

  test('of one execution, written by two deliverers at once, complete it', async () => {
    const executions = await Promise.all(Array.from({ length: 30 }, () => seedExecution(database.db, seed, [log, log])));
    await Promise.all([
      recordAttempts(
        database.pool,
        executions.map(([first]) => record(first!, ok)),
      ),
      recordAttempts(database.pool, executions.map(([, second]) => record(second!, ok)).reverse()),
    ]);
    const statuses = await Promise.all(executions.map(async ([first]) => (await executionRow(database.db, first!.execution_id)).status));
    expect(new Set(statuses)).toEqual(new Set(['succeeded']));
  });

  test('pass over deleted actions', async () => {
    const action = await one();
    const gone = await one();
    await database.db.deleteFrom('executions').where('id', '=', gone.execution_id).execute();
    await recordAttempts(database.pool, [record(gone, ok), record(action, ok)]);
    expect(await actionRow(database.db, action.id)).toMatchObject({ status: 'succeeded' });
  });

  test('hold any text', async () => {
    const action = await one();
    const text = 'nul \u0000 half \ud83d "quotes" {braces} \\';
    await recordAttempts(database.pool, [
      record(action, { outcome: 'failed', code: 'target_refused', error: text, response: { status: 400, body: text } }),
    ]);
    expect(await actionRow(database.db, action.id)).toMatchObject({
      error: text.replace(/[\u0000\ud83d]/g, '\ufffd'),
      response: { status: 400 },
    });
  });

  test('of five hundred actions are written in one go', async () => {
    const actions = (await Promise.all(Array.from({ length: 500 }, () => seedExecution(database.db, seed, [log])))).flat();
    await recordAttempts(
      database.pool,
      actions.map((action) => record(action, ok)),
    );
    const { rows } = await database.pool.query(`select count(*)::int as done from executions where status = 'succeeded' and id = any($1)`, [
      actions.map((action) => action.execution_id),
    ]);
    expect(rows).toEqual([{ done: 500 }]);
  });
});

describe('What waits', () => {
  let database: TestDatabase;
  let seed: Seed;
  beforeAll(async () => {
    database = await createTestDatabase();
    seed = await seedWorkspace(database.db);
  });
  afterAll(() => database.drop());

  test('for a device comes in order, for a webhook the least tried first', async () => {
    const url = 'https://hook.example/';
    const [tried] = await seedExecution(database.db, seed, [webhookTo(url)], { status: 'retrying' });
    const [fresh] = await seedExecution(database.db, seed, [webhookTo(url)], { status: 'retrying' });
    await recordAttempts(database.pool, [record(tried!, later)]);
    expect((await listRetrying(database.db, tried!.target, 10)).map(({ id }) => id)).toEqual([fresh!.id, tried!.id]);

    const command = { action_type: 'device_control', order: 0, config: { device_id: 'd', command: 'ON' } } as const;
    const [early] = await seedExecution(database.db, seed, [command], { status: 'retrying' });
    const [late] = await seedExecution(database.db, seed, [command], { status: 'retrying' });
    await recordAttempts(database.pool, [record(early!, later)]);
    expect((await listRetrying(database.db, early!.target, 10)).map(({ id }) => id)).toEqual([early!.id, late!.id]);
    expect((await listWaitingTargets(database.db, 10)).map(({ target }) => target).sort()).toEqual([early!.target, tried!.target].sort());
  });

  test('is marked once and only while it is pending', async () => {
    const [pending] = await seedExecution(database.db, seed, [log]);
    const [done] = await seedExecution(database.db, seed, [log]);
    await recordAttempts(database.pool, [record(done!, ok)]);
    await markRetrying(database.db, [pending!.id, done!.id]);
    expect([(await actionRow(database.db, pending!.id)).status, (await actionRow(database.db, done!.id)).status]).toEqual([
      'retrying',
      'succeeded',
    ]);
  });

  test('of a livestream is found by its next consumer, and adopted once no session runs', async () => {
    const livestream_id = await seedLivestream(database, seed, 'live');
    const created_at = new Date(Date.now() - 600_000);
    const [mine] = await seedExecution(database.db, seed, [log], { livestream_id, created_at });
    const [test] = await seedExecution(database.db, seed, [log], { created_at });
    const [young] = await seedExecution(database.db, seed, [log]);
    expect((await listPending(database.db, livestream_id, 10)).map(({ id }) => id)).toEqual([mine!.id]);
    expect(await listPending(database.db, livestream_id, 10, mine!.id)).toEqual([]);

    expect(await adoptAbandoned(database.db, 120_000, 100)).toBe(1);
    expect((await actionRow(database.db, test!.id)).status).toBe('retrying');
    await database.pool.query(`update livestreams set status = 'ended', updated_at = now() - interval '5 minutes' where id = $1`, [
      livestream_id,
    ]);
    expect(await adoptAbandoned(database.db, 120_000, 100)).toBe(1);
    expect((await actionRow(database.db, mine!.id)).status).toBe('retrying');
    expect((await actionRow(database.db, young!.id)).status).toBe('pending');
  });
});

async function seedLivestream({ pool }: TestDatabase, seed: Seed, status: string): Promise<string> {
  const { rows } = await pool.query(
    `insert into livestreams (id, workspace_id, tiktok_input, status, wait_for_live) values (gen_random_uuid(), $1, 'x', $2, false) returning id`,
    [seed.workspace_id, status],
  );
  return rows[0].id as string;
}
