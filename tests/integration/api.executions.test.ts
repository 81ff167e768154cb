import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ApiError } from '../../api/errors.ts';
import { newId } from '../../db/ids.ts';
import { recordAttempts } from '../../db/action.repository.ts';
import type { NewRow } from '../../db/schema.ts';
import type { AttemptResult } from '../../domain/contracts/action.ts';
import { seedExecution, webhookTo } from '../helpers/action-rows.ts';
import { seedLivestream, seedRule } from '../helpers/seed.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

interface View {
  id: string;
  status: string;
  actions: { id: string; status: string; attempts: object[]; [field: string]: unknown }[];
  [field: string]: unknown;
}
type Page = { items: View[]; next_cursor: string | null };

let api: TestApi;
let owner: Person;
let rule_id: string;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  owner = await api.person();
  rule_id = await seedRule(api.database.db, owner.workspace_id);
  api.temporal.calls.length = 0;
});

const call = <T = View>(method: string, path: string, person = owner) =>
  api.call<T & { code: string }>(method, `/api${path}`, { token: person.token });
const ids = async (query: string) => (await call<Page>('GET', `/executions?${query}`)).body.items.map(({ id }) => id);

async function execution(over: Partial<NewRow<'executions'>> = {}): Promise<string> {
  const id = newId();
  const row = {
    id,
    workspace_id: owner.workspace_id,
    rule_id,
    rule_version: 1,
    status: 'succeeded' as const,
    created_at: new Date(),
    ...over,
  };
  await api.database.db.insertInto('executions').values(row).execute();
  return id;
}

const attempt = (action_id: string, number: number, result: AttemptResult) =>
  recordAttempts(api.database.pool, [{ action_id, attempt: number, started_at_ms: Date.now(), duration_ms: 7, result }]);

describe('lists of executions', () => {
  test('are newest first, in pages, and filter by rule, livestream, event, status and time', async () => {
    const livestream_id = await seedLivestream(api.database.db, owner.workspace_id);
    const event_id = newId();
    const a = await execution({ created_at: new Date('2026-01-01T00:00:00Z') });
    const b = await execution({ livestream_id, event_id, status: 'failed', created_at: new Date('2026-01-02T00:00:00Z') });
    const other = await seedRule(api.database.db, owner.workspace_id, { name: 'Other' });
    const c = await execution({
      rule_id: other,
      status: 'skipped',
      reason: 'cooldown',
      detail: '40 ms left',
      created_at: new Date('2026-01-03T00:00:00Z'),
    });

    const first = await call<Page>('GET', '/executions?limit=2');
    expect(first.body.items.map(({ id }) => id)).toEqual([c, b]);
    expect(first.body.items[0]).toMatchObject({
      rule_id: other,
      rule_name: 'Other',
      status: 'skipped',
      reason: 'cooldown',
      detail: '40 ms left',
      missing_fields: [],
    });
    expect(await ids(`limit=2&cursor=${first.body.next_cursor}`)).toEqual([a]);
    expect(await ids(`rule_id=${rule_id}`)).toEqual([b, a]);
    expect(await ids(`livestream_id=${livestream_id}`)).toEqual([b]);
    expect(await ids(`event_id=${event_id}`)).toEqual([b]);
    expect(await ids('status=failed,skipped')).toEqual([c, b]);
    expect(await ids('from=2026-01-02T00:00:00Z&to=2026-01-03T00:00:00Z')).toEqual([b]);
    expect(await ids('from=2026-01-02T05:00:00%2B05:00')).toEqual([c, b]);
    expect((await call<Page>('GET', `/rules/${rule_id}/executions?status=succeeded`)).body.items.map(({ id }) => id)).toEqual([a]);
    expect((await call('GET', '/executions?from=yesterday')).status).toBe(422);
  });

  test('show nothing of another workspace', async () => {
    const id = await execution();
    const stranger = await api.person();
    expect((await call<Page>('GET', '/executions', stranger)).body.items).toEqual([]);
    expect((await call('GET', `/executions/${id}`, stranger)).status).toBe(404);
    expect((await call('POST', `/executions/${id}/retry`, stranger)).status).toBe(404);
  });
});

describe('one execution', () => {
  const seed = () => ({ workspace_id: owner.workspace_id, rule_id });

  test('shows its actions in order, as sent, with every attempt', async () => {
    const [first, second] = await seedExecution(api.database.db, seed(), [
      webhookTo('https://a.example/1', 0),
      webhookTo('https://b.example/2', 1),
    ]);
    await attempt(second!.id, 1, { outcome: 'succeeded', response: { status: 204 } });
    await attempt(first!.id, 1, { outcome: 'retryable', code: 'target_timeout', error: 'no answer' });
    await attempt(first!.id, 2, { outcome: 'failed', code: 'target_refused', error: '403', response: { status: 403, body: 'no' } });
    const { body } = await call('GET', `/executions/${first!.execution_id}`);
    expect(body).toMatchObject({ status: 'failed', detail: '403' });
    expect(body.actions).toMatchObject([
      {
        id: first!.id,
        order: 0,
        action_type: 'webhook',
        config: { url: 'https://a.example/1' },
        status: 'failed',
        error_code: 'target_refused',
        response: { status: 403, body: 'no' },
        attempts: [
          { attempt: 1, outcome: 'retryable', code: 'target_timeout', duration_ms: 7 },
          { attempt: 2, outcome: 'failed', response_status: 403 },
        ],
      },
      { id: second!.id, order: 1, status: 'succeeded', attempts: [{ outcome: 'succeeded', response_status: 204 }] },
    ]);
  });

  test('what failed is repeated under its own key, for as long as a new one would be; what succeeded is not', async () => {
    const created_at = new Date(Date.now() - 29 * 86_400_000);
    const options = { created_at, expires_at: created_at };
    const [failed, done] = await seedExecution(
      api.database.db,
      seed(),
      [webhookTo('https://a.example', 0), webhookTo('https://b.example', 1)],
      options,
    );
    await attempt(done!.id, 1, { outcome: 'succeeded', response: null });
    await attempt(failed!.id, 1, { outcome: 'failed', code: 'target_refused', error: '403' });
    const { status, body } = await call('POST', `/executions/${failed!.execution_id}/retry`);
    expect([status, body.status, body.finished_at]).toEqual([202, 'pending', null]);
    expect(body.actions).toMatchObject([
      { id: failed!.id, status: 'retrying', expires_at: null, attempts: [{}] },
      { id: done!.id, status: 'succeeded' },
    ]);
    expect(api.temporal.calls).toEqual([{ name: 'deliverActions', args: [failed!.target, owner.workspace_id] }]);
    const row = await api.database.db
      .selectFrom('execution_actions')
      .select('created_at')
      .where('id', '=', failed!.id)
      .executeTakeFirstOrThrow();
    expect(Date.now() - row.created_at.getTime()).toBeLessThan(60_000);
    await attempt(failed!.id, 2, { outcome: 'succeeded', response: null });
    expect((await call('GET', `/executions/${failed!.execution_id}`)).body.status).toBe('succeeded');
  });

  test('only a failed one is repeated, and only once at a time', async () => {
    expect(await call('POST', `/executions/${await execution()}/retry`)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    const [action] = await seedExecution(api.database.db, seed(), [webhookTo('https://a.example')]);
    await attempt(action!.id, 1, { outcome: 'failed', code: 'target_refused', error: '403' });
    const answers = await Promise.all([1, 2, 3].map(() => call('POST', `/executions/${action!.execution_id}/retry`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409]);
  });

  test('while Temporal is gone the actions wait for the sweep', async () => {
    const { deliverActions } = api.temporal;
    api.temporal.deliverActions = () => Promise.reject(new ApiError('unavailable'));
    const [action] = await seedExecution(api.database.db, seed(), [webhookTo('https://a.example')]);
    await attempt(action!.id, 1, { outcome: 'failed', code: 'target_refused', error: '403' });
    const { status, body } = await call('POST', `/executions/${action!.execution_id}/retry`);
    expect([status, body.actions[0]?.status]).toEqual([202, 'retrying']);
    expect(api.log()).toContain('the sweep will');
    api.temporal.deliverActions = deliverActions;
  });
});

test('the figures of a rule count real executions, with percentiles that really happened', async () => {
  for (let duration_ms = 1; duration_ms <= 100; duration_ms++)
    await execution({ duration_ms, status: duration_ms > 98 ? 'failed' : 'succeeded' });
  await execution({ status: 'pending' });
  await execution({ status: 'skipped', reason: 'cooldown', duration_ms: 0 });
  await execution({ is_test: true, duration_ms: 9_999 });
  await execution({ duration_ms: 5_000, created_at: new Date('2026-01-01T00:00:00Z') });
  const stats = async (query = '') => (await call('GET', `/rules/${rule_id}/stats${query}`)).body;
  expect(await stats('?from=2026-02-01T00:00:00Z')).toEqual({
    rule_id,
    fired: 101,
    succeeded: 98,
    failed: 2,
    pending: 1,
    skipped: 1,
    p50_duration_ms: 50,
    p99_duration_ms: 99,
  });
  expect(await stats()).toMatchObject({ fired: 102, p99_duration_ms: 100 });
  expect(await stats('?to=2025-01-01T00:00:00Z')).toMatchObject({ fired: 0, p50_duration_ms: null });
});
