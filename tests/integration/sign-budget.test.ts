import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { openDb, type DbHandle } from '../../db/client.ts';
import { createSignBudget, readSignBudget } from '../../db/sign-budget.repository.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';

const WINDOW_MS = 1_500;
const never = new AbortController().signal;
let database: TestDatabase;
let pools: DbHandle[];

beforeAll(async () => {
  database = await createTestDatabase();
  pools = [1, 2, 3].map(() => openDb({ url: database.url, max: 5 }));
});
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
  await database.drop();
});
beforeEach(async () => {
  await sql`delete from sign_tickets`.execute(database.db);
  await sql`update sign_budget set limit_per_window = null, remaining = null, reset_at = null, blocked_until = null`.execute(database.db);
});

const budgetOf = (db = database.db, limit?: number) =>
  createSignBudget({ db, defaultLimitPerMinute: limit, pollMs: 20, windowMs: WINDOW_MS });
const waitingIds = async (): Promise<string[]> => (await readSignBudget(database.db)).waiting.map((waiter) => waiter.livestream_id);
const isWaiting = (id: string) => eventually(async () => (await waitingIds()).includes(id), { intervalMs: 5 });

describe('the sign budget in PostgreSQL', () => {
  test('20 waiters from 3 pools get 5 calls a window, in the order in which they came, and none starves', async () => {
    const budgets = pools.map((pool) => budgetOf(pool.db, 5));
    const block = new Date(Date.now() + 60_000);
    await sql`update sign_budget set blocked_until = ${block}`.execute(database.db);
    const ids = Array.from({ length: 20 }, (): string => randomUUID());
    const granted: { id: string; at: number }[] = [];
    const waits: Promise<void>[] = [];
    for (const [index, id] of ids.entries()) {
      waits.push(budgets[index % 3]!.acquire(id, never).then(() => void granted.push({ id, at: Date.now() })));
      await isWaiting(id);
    }
    await sql`update sign_budget set blocked_until = null`.execute(database.db);
    await Promise.all(waits);

    expect(granted.map(({ id }) => ids.indexOf(id))).toEqual(ids.map((_, index) => index));
    // Any 6 calls in a row reach into a second window, so the 1st and the 6th are a window apart (less the poll's delay).
    for (let first = 0; first + 5 < granted.length; first += 5) {
      expect(granted[first + 5]!.at - granted[first]!.at).toBeGreaterThan(WINDOW_MS / 2);
    }
    expect(await waitingIds()).toEqual([]);
  });

  test('simultaneous calls never spend more than a window holds', async () => {
    const budgets = pools.map((pool) => budgetOf(pool.db));
    await sql`update sign_budget set limit_per_window = 5, remaining = 5, reset_at = now() + interval '1 hour'`.execute(database.db);
    const stop = new AbortController();
    let granted = 0;
    const all = Array.from({ length: 20 }, (_, index) =>
      budgets[index % 3]!.acquire(randomUUID(), stop.signal).then(
        () => void granted++,
        () => undefined,
      ),
    );
    await eventually(async () => (await readSignBudget(database.db)).remaining === 0);
    await eventually(async () => (await waitingIds()).length === 15);
    stop.abort();
    await Promise.all(all);
    expect(granted).toBe(5);
    expect(await waitingIds()).toEqual([]);
  });

  test('a call does not spend what a report takes away at the same moment', async () => {
    const budget = budgetOf();
    await budget.report({ limit: 5, remaining: 5, reset_at_ms: Date.now() + 60_000 });
    const controller = new AbortController();
    const id = randomUUID();
    let wait: Promise<void> = Promise.resolve();
    await database.db.transaction().execute(async (trx) => {
      await sql`update sign_budget set remaining = 0`.execute(trx);
      wait = budget.acquire(id, controller.signal);
      await eventually(
        async () =>
          (await sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(database.db))
            .rows.length === 1,
      );
    });
    await isWaiting(id);
    expect((await readSignBudget(database.db)).remaining).toBe(0);
    controller.abort();
    await expect(wait).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('a dead head of the queue holds nobody up', async () => {
    const dead = randomUUID();
    await database.db
      .insertInto('sign_tickets')
      .values({ livestream_id: dead, seen_at: new Date(Date.now() - 16_000) })
      .execute();
    await budgetOf(database.db, 5).acquire(randomUUID(), never);
    expect(await waitingIds()).toEqual([]);
  });

  test('a living head is waited for', async () => {
    const head = randomUUID();
    await database.db
      .insertInto('sign_tickets')
      .values({ livestream_id: head, seen_at: sql<Date>`now()` })
      .execute();
    const second = randomUUID();
    const acquired = budgetOf(database.db, 5).acquire(second, never);
    await isWaiting(second);
    expect(await waitingIds()).toEqual([head, second]);
    await database.db.deleteFrom('sign_tickets').where('livestream_id', '=', head).execute();
    await acquired;
  });

  test('Retry-After holds everybody back until it is over', async () => {
    const budget = budgetOf(database.db, 5);
    const until = Date.now() + 300;
    await budget.report({ blocked_until_ms: until });
    expect((await readSignBudget(database.db)).blocked_until).toBe(new Date(until).toISOString());
    await budget.acquire(randomUUID(), never);
    expect(Date.now()).toBeGreaterThanOrEqual(until - 5);
  });

  test('an abort ends the wait with an AbortError and takes the ticket away', async () => {
    const budget = budgetOf();
    await budget.report({ limit: 1, remaining: 0, reset_at_ms: Date.now() + 60_000 });
    const controller = new AbortController();
    const id = randomUUID();
    const wait = budget.acquire(id, controller.signal);
    await isWaiting(id);
    controller.abort();
    await expect(wait).rejects.toMatchObject({ name: 'AbortError' });
    expect(await waitingIds()).toEqual([]);
    await expect(budget.acquire(id, controller.signal)).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('a livestream that asks again keeps its place', async () => {
    const budget = budgetOf();
    await budget.report({ limit: 5, remaining: 0, reset_at_ms: Date.now() + 60_000 });
    const [first, second] = [randomUUID(), randomUUID()];
    await database.db
      .insertInto('sign_tickets')
      .values({ livestream_id: first, seen_at: sql<Date>`now() - interval '14 seconds'` })
      .execute();
    const controller = new AbortController();
    const waits = [second, first].map((id) => budget.acquire(id, controller.signal));
    await isWaiting(second);
    expect(await waitingIds()).toEqual([first, second]);
    controller.abort();
    expect((await Promise.allSettled(waits)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  test('what the service says of itself is shown', async () => {
    const reset = Date.now() + 30_000;
    await budgetOf().report({ limit: 10, remaining: 7, reset_at_ms: reset });
    expect(await readSignBudget(database.db)).toEqual({
      limit: 10,
      remaining: 7,
      reset_at: new Date(reset).toISOString(),
      blocked_until: null,
      waiting: [],
    });
  });
});
