import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { recordAttempts } from '../../db/action.repository.ts';
import { newId } from '../../db/ids.ts';
import type { NewRow } from '../../db/schema.ts';
import { seedExecution, webhookTo } from '../helpers/action-rows.ts';
import { gift, insertEvents, type EventDraft, type Place } from '../helpers/events.ts';
import { seedLivestream } from '../helpers/seed.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

interface Explained {
  rule_id: string;
  rule_name: string;
  rule_version: number;
  rule_deleted: boolean;
  fired: boolean;
  reason: string | null;
  message: string;
  conditions: object[];
  missing_fields: string[];
  execution: { actions: object[] } | null;
}

let api: TestApi;
let owner: Person;
let place: Place;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  owner = await api.person();
  place = {
    workspace_id: owner.workspace_id,
    livestream_id: await seedLivestream(api.database.db, owner.workspace_id, { status: 'live' }),
  };
});

const call = <T>(method: string, path: string, body?: object) =>
  api.call<T>(method, `/api${path}`, { token: owner.token, ...(body && { body }) });
const draft = (over: object = {}) => ({
  name: 'Rule',
  event_type: 'gift',
  conditions: [],
  actions: [{ action_type: 'log', config: { message: 'x' } }],
  ...over,
});

async function activeRule(over: object = {}): Promise<string> {
  const { body } = await call<{ id: string }>('POST', '/rules', draft(over));
  await call('PATCH', `/rules/${body.id}/activate`);
  return body.id;
}

async function event(over: Partial<EventDraft> = {}, diamonds = 30): Promise<string> {
  return (await insertEvents(api.database.db, place, [gift(diamonds, over)])).ids[0]!;
}

const explain = async (id: string) =>
  (await call<{ event: { id: string }; rules: Explained[] }>('GET', `/events/${id}/explain`)).body.rules;

/** What the consumer would have decided. */
async function execution(rule_id: string, event_id: string, over: Partial<NewRow<'executions'>> = {}): Promise<void> {
  const row = {
    id: newId(),
    workspace_id: owner.workspace_id,
    rule_id,
    rule_version: 2,
    livestream_id: place.livestream_id,
    event_id,
    status: 'skipped' as const,
    created_at: new Date(),
  };
  await api.database.db
    .insertInto('executions')
    .values({ ...row, ...over })
    .execute();
}

test('conditions that failed are named with what the event had there', async () => {
  await activeRule({
    conditions: [
      { field: 'diamond_count', operator: '>', value: '100' },
      { field: 'gift_name', operator: '==', value: 'Rose' },
      { field: 'user.city', operator: '==', value: 'Rome' },
    ],
  });
  const [rule] = await explain(await event());
  expect(rule).toMatchObject({
    rule_name: 'Rule',
    rule_version: 2,
    fired: false,
    reason: 'conditions',
    message: 'A condition failed: diamond_count > "100": it was 30; user.city == "Rome": the event has no user.city.',
    missing_fields: ['user.city'],
    execution: null,
  });
  expect(rule!.conditions).toMatchObject([
    { field: 'diamond_count', held: false, actual: 30, missing: false },
    { field: 'gift_name', held: true, actual: 'Rose' },
    { field: 'user.city', held: false, actual: null, missing: true },
  ]);
});

test('it says why the conditions were not even asked', async () => {
  const other = await seedLivestream(api.database.db, owner.workspace_id, { status: 'live' });
  await activeRule({ name: 'elsewhere', livestream_id: other });
  await activeRule({ name: 'everywhere' });
  await activeRule({ name: 'updates', fire_on: 'every_update' });
  await call('POST', '/rules', draft({ name: 'never activated' }));
  await activeRule({ name: 'comments', event_type: 'comment' });
  const reasons = async (id: string) => Object.fromEntries((await explain(id)).map(({ rule_name, reason }) => [rule_name, reason]));
  expect(await reasons(await event({ data: { streak_status: 'running', increment: 0 } }))).toEqual({
    elsewhere: 'livestream',
    everywhere: 'streak_not_ended',
    updates: 'nothing_added',
    'never activated': 'inactive',
  });
  expect(await reasons(await event({ is_history: true }))).toMatchObject({
    everywhere: 'history',
    updates: 'history',
    elsewhere: 'livestream',
  });
  expect(await reasons(await event())).toMatchObject({ everywhere: 'not_evaluated' });
});

test('a rule is explained as it was when the event was received', async () => {
  const id = await activeRule({ conditions: [{ field: 'diamond_count', operator: '>', value: 20 }] });
  const before = await event({}, 25);
  await execution(id, before, { status: 'succeeded' });
  const early = await event({ received_at: new Date(Date.now() - 3_600_000) });
  await call('PUT', `/rules/${id}`, draft({ name: 'Stricter', conditions: [{ field: 'diamond_count', operator: '>', value: 1_000 }] }));
  await call('PATCH', `/rules/${id}/deactivate`);
  const after = await event({}, 25);

  expect(await explain(before)).toMatchObject([
    { rule_name: 'Rule', rule_version: 2, fired: true, reason: null, conditions: [{ value: 20, held: true }] },
  ]);
  expect(await explain(after)).toMatchObject([{ rule_name: 'Stricter', rule_version: 4, reason: 'inactive' }]);
  expect(await explain(early)).toEqual([]);

  await call('DELETE', `/rules/${id}`);
  expect(await explain(before)).toMatchObject([{ rule_version: 2, fired: true, rule_deleted: true }]);
  expect(await explain(after)).toMatchObject([{ rule_version: 4, rule_deleted: true }]);
  expect(await explain(await event({}, 25))).toEqual([]);
});

test('what was skipped says what was left of the cooldown, the plan or the age', async () => {
  const rules = {
    cooldown: await activeRule({ name: 'cooldown', cooldown_ms: 5_000 }),
    user_cooldown: await activeRule({ name: 'user_cooldown', user_cooldown_ms: 5_000 }),
    plan_limit: await activeRule({ name: 'plan_limit' }),
    max_age: await activeRule({ name: 'max_age', max_age_ms: 1_000 }),
  };
  const id = await event();
  await execution(rules.cooldown, id, { reason: 'cooldown', detail: '1200 ms left' });
  await execution(rules.user_cooldown, id, { reason: 'user_cooldown', detail: '300 ms left' });
  await execution(rules.plan_limit, id, { reason: 'plan_limit', detail: 'The plan allows fewer active rules.' });
  await execution(rules.max_age, id, { reason: 'max_age' });
  const explained = Object.fromEntries((await explain(id)).map((rule) => [rule.rule_name, [rule.fired, rule.reason, rule.message]]));
  expect(explained).toEqual({
    cooldown: [false, 'cooldown', 'The rule’s cooldown was not over (1200 ms left).'],
    user_cooldown: [false, 'user_cooldown', 'The viewer’s cooldown was not over (300 ms left).'],
    plan_limit: [false, 'plan_limit', 'The plan allows fewer active rules.'],
    max_age: [false, 'max_age', expect.stringContaining('max_age_ms')],
  });
});

test('what fired shows its deliveries; tests of a rule are none', async () => {
  const rule_id = await activeRule({ actions: [webhookTo('https://a.example')] });
  const id = await event();
  const [action] = await seedExecution(api.database.db, { workspace_id: owner.workspace_id, rule_id }, [webhookTo('https://a.example')]);
  await api.database.db.updateTable('executions').set({ event_id: id, rule_version: 2 }).where('id', '=', action!.execution_id).execute();
  await recordAttempts(api.database.pool, [
    {
      action_id: action!.id,
      attempt: 1,
      started_at_ms: Date.now(),
      duration_ms: 9,
      result: { outcome: 'failed', code: 'target_refused', error: 'HTTP 403' },
    },
  ]);
  await call('POST', `/rules/${rule_id}/test`, { event_id: id, send: true });
  expect(await explain(id)).toMatchObject([
    {
      fired: true,
      message: 'It fired; the execution is failed: HTTP 403.',
      execution: { id: action!.execution_id, actions: [{ status: 'failed', attempts: [{ attempt: 1, error: 'HTTP 403' }] }] },
    },
  ]);
});
