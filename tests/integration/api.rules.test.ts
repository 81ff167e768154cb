import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { newId } from '../../db/ids.ts';
import { PLAN_LIMITS } from '../../domain/plans.ts';
import { CHANNELS } from '../../domain/names.ts';
import { comment, gift, insertEvents } from '../helpers/events.ts';
import { eventually } from '../helpers/eventually.ts';
import { seedLivestream, seedRule } from '../helpers/seed.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';

interface View {
  id: string;
  name: string;
  version: number;
  is_active: boolean;
  [field: string]: unknown;
}
interface Problem {
  code: string;
  detail: string;
  errors: { field: string; message: string }[];
}
type Page = { items: View[]; next_cursor: string | null };

let api: TestApi;
let owner: Person;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  owner = await api.person();
  api.temporal.calls.length = 0;
});

const call = <T = View>(method: string, path: string, body?: unknown, person = owner) =>
  api.call<T & Problem>(method, `/api/rules${path}`, { token: person.token, ...(body === undefined ? {} : { body }) });
const faults = (answer: { body: Problem }) => answer.body.errors.map(({ field }) => field);
const versions = (id: string) =>
  api.database.db.selectFrom('rule_versions').selectAll().where('rule_id', '=', id).orderBy('version').execute();
const log = (message = '{{username}}') => ({ action_type: 'log', order: 0, config: { message } });
const draft = (over: object = {}) => ({
  name: 'Rule',
  event_type: 'gift',
  conditions: [{ field: 'diamond_count', operator: '>', value: '100', order: 0 }],
  actions: [log()],
  ...over,
});

async function device(workspaceId = owner.workspace_id): Promise<string> {
  const id = newId();
  const config = JSON.stringify({ preset: 'custom', qos: 1, retain: false, command_topic: 'a/b' });
  await api.database.db
    .insertInto('devices')
    .values({ id, workspace_id: workspaceId, name: 'lamp', kind: 'mqtt', config, updated_at: new Date() })
    .execute();
  return id;
}

describe('writing rules', () => {
  test('the example of the documentation is stored whole, inactive, as version 1', async () => {
    const device_id = await device();
    const rule = {
      name: 'Expensive gift',
      description: '…',
      event_type: 'gift',
      livestream_id: null,
      logic_operator: 'AND',
      conditions: [{ field: 'diamond_count', operator: '>', value: '100', order: 0 }],
      actions: [
        { action_type: 'device_control', order: 0, config: { device_id, command: 'ON', restore: { command: 'OFF', after_ms: 30_000 } } },
        {
          action_type: 'webhook',
          order: 1,
          config: { url: 'https://example.com', method: 'POST', headers: {}, body: { user: '{{username}}', value: '{{diamond_count}}' } },
        },
        { action_type: 'notification', order: 2, config: { channel: 'in_app', message: '{{username}} sent {{gift_name}}' } },
        { action_type: 'log', order: 3, config: { message: '{{username}}: {{diamond_count}}' } },
      ],
      cooldown_ms: 0,
      user_cooldown_ms: 0,
      max_age_ms: 60_000,
      fire_on: 'streak_end',
    };
    const { status, body } = await call('POST', '', rule);
    expect(status).toBe(201);
    expect(body).toEqual({
      ...rule,
      id: expect.any(String),
      workspace_id: owner.workspace_id,
      version: 1,
      is_active: false,
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    expect((await call('GET', `/${body.id}`)).body).toEqual(body);
    expect(await versions(body.id)).toMatchObject([{ version: 1, is_active: false, definition: rule }]);
  });

  test('every change is a version, and what changes nothing is none', async () => {
    const { body } = await call('POST', '', draft());
    const change = (method: string, path: string, content?: unknown) => call(method, `/${body.id}${path}`, content);
    expect((await change('PATCH', '/activate')).body).toMatchObject({ is_active: true, version: 2 });
    expect((await change('PATCH', '/activate')).body.version).toBe(2);
    expect((await change('PUT', '', draft({ name: 'Renamed', cooldown_ms: 2_592_000_000 }))).body).toMatchObject({
      name: 'Renamed',
      is_active: true,
      version: 3,
    });
    expect((await change('PATCH', '/deactivate')).body).toMatchObject({ is_active: false, version: 4 });
    expect((await change('PATCH', '/deactivate')).body.version).toBe(4);
    const kept = await versions(body.id);
    expect(kept.map(({ version, is_active, definition }) => [version, is_active, definition.name])).toEqual([
      [1, false, 'Rule'],
      [2, true, 'Rule'],
      [3, true, 'Renamed'],
      [4, false, 'Renamed'],
    ]);
    expect(kept.map(({ valid_from }) => valid_from.getTime())).toEqual(
      [...kept.map(({ valid_from }) => valid_from.getTime())].sort((a, b) => a - b),
    );
  });

  test('consumers are told of every change', async () => {
    const listener = new pg.Client({ connectionString: api.database.url });
    await listener.connect();
    const notices: (string | undefined)[] = [];
    listener.on('notification', ({ payload }) => notices.push(payload));
    await listener.query(`listen ${CHANNELS.rules}`);
    const { body } = await call('POST', '', draft());
    for (const [method, path, content] of [
      ['PATCH', '/activate'],
      ['PUT', '', draft()],
      ['PATCH', '/deactivate'],
      ['DELETE', ''],
    ] as const)
      await call(method, `/${body.id}${path}`, content);
    await eventually(() => notices.length >= 5);
    expect(notices).toEqual(Array.from({ length: 5 }, () => owner.workspace_id));
    await listener.end();
  });

  test('bad input names the field, and never more than a 4xx', async () => {
    const unknownDevice = newId();
    const foreign = await device((await api.person()).workspace_id);
    const cases: [object | string, string][] = [
      [draft({ conditions: [{ field: 'a', operator: '~', value: 1 }] }), 'conditions.0.operator'],
      [draft({ conditions: [{ field: '__proto__.polluted', operator: '==', value: 1 }] }), 'conditions.0.field'],
      [draft({ conditions: Array.from({ length: 10_000 }, () => ({ field: 'a', operator: '==', value: 1 })) }), 'conditions'],
      [draft({ actions: [log('x'.repeat(1_000_000))] }), 'actions.0.config.message'],
      [draft({ actions: [{ action_type: 'webhook', config: { url: 'ftp://a' } }] }), 'actions.0.config.url'],
      [
        draft({ actions: [log(), { action_type: 'device_control', config: { device_id: unknownDevice, command: 'ON' } }] }),
        'actions.1.config.device_id',
      ],
      [
        draft({ actions: [{ action_type: 'device_control', config: { device_id: foreign, command: 'ON' } }] }),
        'actions.0.config.device_id',
      ],
      [draft({ livestream_id: newId() }), 'livestream_id'],
      [draft({ name: 5, event_type: 'party' }), 'name'],
      [
        '{"name":"x","event_type":"gift","actions":[{"action_type":"log","config":{"__proto__":{},"message":"x"}}]}',
        'actions.0.config.__proto__',
      ],
    ];
    for (const [body, field] of cases) {
      const answer = await call('POST', '', body);
      expect([field, answer.status, answer.body.code]).toEqual([field, 422, 'validation_failed']);
      expect(faults(answer)).toContain(field);
    }
    expect((await call('POST', '', draft({ actions: [log('x'.repeat(2_100_000))] }))).status).toBe(413);
    expect((await call('POST', '', '{"name": "x",')).status).toBe(400);
    expect((await call<Page>('GET', '')).body.items).toEqual([]);
  });

  test('requests at once can not exceed the plan’s active rules', async () => {
    const { active_rules } = PLAN_LIMITS.free;
    const ids = await Promise.all(Array.from({ length: active_rules - 2 }, () => seedRule(api.database.db, owner.workspace_id)));
    const drafts = await Promise.all(Array.from({ length: 6 }, () => seedRule(api.database.db, owner.workspace_id, { is_active: false })));
    const answers = await Promise.all(drafts.map((id) => call('PATCH', `/${id}/activate`)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
    expect(answers.filter(({ body }) => body.code === 'plan_limit')).toHaveLength(4);
    await call('PATCH', `/${ids[0]}/deactivate`);
    const refused = answers.findIndex(({ status }) => status !== 200);
    expect((await call('PATCH', `/${drafts[refused]}/activate`)).status).toBe(200);
  });

  test('a deleted rule is out of use and out of sight; its executions stay', async () => {
    const { body } = await call('POST', '', draft());
    await call('PATCH', `/${body.id}/activate`);
    const execution = {
      id: newId(),
      workspace_id: owner.workspace_id,
      rule_id: body.id,
      rule_version: 2,
      status: 'succeeded' as const,
      created_at: new Date(),
    };
    await api.database.db.insertInto('executions').values(execution).execute();
    expect((await call('DELETE', `/${body.id}`)).status).toBe(204);
    for (const [method, path, content] of [
      ['GET', ''],
      ['PUT', '', draft()],
      ['PATCH', '/activate'],
      ['DELETE', ''],
      ['POST', '/test', {}],
      ['GET', '/stats'],
      ['GET', '/executions'],
    ] as const) {
      expect([method, path, (await call(method, `/${body.id}${path}`, content)).status]).toEqual([method, path, 404]);
    }
    expect((await call<Page>('GET', '')).body.items).toEqual([]);
    const kept = await api.call<{ items: { id: string; rule_name: string }[] }>('GET', '/api/executions', { token: owner.token });
    expect(kept.body.items).toMatchObject([{ id: execution.id, rule_name: 'Rule' }]);
    expect(await versions(body.id)).toMatchObject([{}, {}, { version: 3, is_active: false }]);
  });

  test('a rule of another workspace is not there', async () => {
    const id = await seedRule(api.database.db, (await api.person()).workspace_id);
    for (const [method, path, content] of [
      ['GET', ''],
      ['PUT', '', draft()],
      ['DELETE', ''],
      ['PATCH', '/activate'],
      ['PATCH', '/deactivate'],
      ['POST', '/test', {}],
    ] as const) {
      expect([method, path, (await call(method, `/${id}${path}`, content)).status]).toEqual([method, path, 404]);
    }
  });
});

describe('listing and moving rules', () => {
  test('the list is newest first, in pages, with filters', async () => {
    const livestream_id = await seedLivestream(api.database.db, owner.workspace_id);
    const ids: string[] = [];
    for (const over of [
      { name: 'Gold gift', event_type: 'gift' },
      { name: 'Word', is_active: false },
      { name: 'word 50%', livestream_id },
    ] as const) {
      ids.unshift(await seedRule(api.database.db, owner.workspace_id, over));
    }
    const names = async (query: string) => (await call<Page>('GET', `?${query}`)).body.items.map(({ name }) => name);
    const first = await call<Page>('GET', '?limit=2');
    expect(first.body.items.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    expect((await call<Page>('GET', `?limit=2&cursor=${first.body.next_cursor}`)).body.items.map(({ id }) => id)).toEqual(ids.slice(2));
    expect(await names('event_type=gift')).toEqual(['Gold gift']);
    expect(await names('is_active=false')).toEqual(['Word']);
    expect(await names(`livestream_id=${livestream_id}`)).toEqual(['word 50%']);
    expect(await names('search=WORD')).toEqual(['word 50%', 'Word']);
    expect(await names(`search=${encodeURIComponent('%')}`)).toEqual(['word 50%']);
  });

  test('what was exported is imported as new, inactive rules that say the same', async () => {
    const device_id = await device();
    await call(
      'POST',
      '',
      draft({ name: 'A', actions: [{ action_type: 'device_control', order: 0, config: { device_id, command: 'ON' } }] }),
    );
    const { body: b } = await call('POST', '', draft({ name: 'B' }));
    await call('PATCH', `/${b.id}/activate`);
    const exported = await call<{ format: string; rules: View[]; next_cursor: null }>('GET', '/export');
    expect(exported.body).toMatchObject({ format: 'showrunner.rules/1', next_cursor: null, rules: [{ name: 'B' }, { name: 'A' }] });
    const imported = await call<{ imported: number; rules: View[] }>('POST', '/import', exported.body);
    expect([imported.status, imported.body.imported]).toEqual([201, 2]);
    for (const [index, rule] of imported.body.rules.entries()) {
      expect(rule).toMatchObject({ ...exported.body.rules[index], version: 1, is_active: false });
      expect(await versions(rule.id)).toHaveLength(1);
    }
    const elsewhere = await call<object>('POST', '/import', exported.body, await api.person());
    expect([elsewhere.status, faults(elsewhere)]).toEqual([422, ['rules.1.actions.0.config.device_id']]);
  });

  test('an import with faults stores nothing and names all of them by index', async () => {
    const answer = await call<object>('POST', '/import', {
      rules: [draft(), draft({ name: '' }), 'no rule', draft({ conditions: [{ field: 'a', operator: '?', value: 1 }], cooldown_ms: -1 })],
    });
    expect(answer.status).toBe(422);
    expect(faults(answer)).toEqual(['rules.1.name', 'rules.2', 'rules.3.conditions.0.operator', 'rules.3.cooldown_ms']);
    expect((await call<Page>('GET', '')).body.items).toEqual([]);
    expect(faults(await call<object>('POST', '/import', { rules: [] }))).toEqual(['rules']);
    expect(faults(await call<object>('POST', '/import', { rules: Array.from({ length: 1_001 }, () => 0) }))).toEqual(['rules']);
  });

  test('an import may be larger than other bodies, up to 2 MiB and 1,000 rules', async () => {
    const rules = Array.from({ length: 1_000 }, (_, index) => draft({ name: `Rule ${index}`, description: 'x'.repeat(700) }));
    const answer = await call<{ imported: number; rules: View[] }>('POST', '/import', { rules });
    expect([answer.status, answer.body.imported]).toEqual([201, 1_000]);
    expect(answer.body.rules.map(({ name }) => name)).toEqual(rules.map(({ name }) => name));
    expect((await call('POST', '/import', { rules, padding: 'x'.repeat(2_000_000) })).status).toBe(413);
  });
});

describe('trying a rule', () => {
  interface Result {
    fires: boolean;
    matched: boolean;
    not_triggered: string | null;
    conditions: { field: string; held: boolean; actual: unknown; missing: boolean }[];
    missing_fields: string[];
    actions: { action_type: string; config: Record<string, unknown> }[];
    event: View;
    sent: boolean;
    execution_id: string | null;
  }
  const tryRule = (id: string, body: object) => call<Result>('POST', `/${id}/test`, body);
  const ruleOf = async (over: object = {}) => (await call('POST', '', draft(over))).body.id;

  test('a made-up event needs only what matters; numbers may be text', async () => {
    const id = await ruleOf({
      conditions: [
        { field: 'diamond_count', operator: '>', value: '100' },
        { field: 'nobody.knows', operator: '==', value: 'x' },
      ],
      logic_operator: 'OR',
      actions: [log('{{nickname}} {{total_diamonds}}')],
    });
    const { status, body } = await tryRule(id, { event: { diamond_count: '500', repeat_count: 2, nickname: 'Zoë' } });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      fires: true,
      matched: true,
      not_triggered: null,
      missing_fields: ['nobody.knows'],
      sent: false,
      execution_id: null,
    });
    expect(body.conditions).toMatchObject([
      { field: 'diamond_count', held: true, actual: 500, missing: false },
      { field: 'nobody.knows', held: false, actual: null, missing: true },
    ]);
    expect(body.actions).toEqual([{ order: 0, action_type: 'log', config: { message: 'Zoë 1000' } }]);
    expect(body.event).toMatchObject({ type: 'gift', increment: 2, increment_diamonds: 1_000 });
  });

  test('it says what keeps the rule from asking its conditions', async () => {
    const id = await ruleOf();
    const why = async (event: object) => (await tryRule(id, { event: { diamond_count: 500, ...event } })).body;
    expect(await why({ streak_status: 'running' })).toMatchObject({ fires: false, matched: true, not_triggered: 'streak_not_ended' });
    expect(await why({ is_history: true })).toMatchObject({ fires: false, not_triggered: 'history' });
    expect(await why({ type: 'comment' })).toMatchObject({ fires: false, not_triggered: 'event_type' });
  });

  test('a real event of the workspace can be used; one of another can not', async () => {
    const id = await ruleOf();
    const livestream_id = await seedLivestream(api.database.db, owner.workspace_id);
    const { ids } = await insertEvents(api.database.db, { workspace_id: owner.workspace_id, livestream_id }, [gift(30), comment('x')]);
    expect((await tryRule(id, { event_id: ids[0] })).body).toMatchObject({
      matched: false,
      conditions: [{ actual: 30 }],
      event: { id: ids[0] },
    });
    const stranger = await api.person();
    const theirs = await seedRule(api.database.db, stranger.workspace_id);
    const refused = await call<Result>('POST', `/${theirs}/test`, { event_id: ids[0] }, stranger);
    expect([refused.status, faults(refused)]).toEqual([422, ['event_id']]);
    expect(faults(await tryRule(id, { event_id: ids[0], event: {} }))).toEqual(['event_id']);
    expect(faults(await tryRule(id, { event: [] }))).toEqual(['event']);
  });

  test('sending is asked for, needs a rule that fires, and spends no cooldown', async () => {
    const id = await ruleOf({
      cooldown_ms: 60_000,
      actions: [
        { action_type: 'webhook', order: 0, config: { url: 'https://a.example/{{username}}' } },
        { ...log(), order: 1 },
      ],
    });
    expect((await tryRule(id, { send: true, event: { diamond_count: 1 } })).body).toMatchObject({
      fires: false,
      sent: false,
      execution_id: null,
    });
    expect(api.temporal.calls).toEqual([]);
    for (let time = 0; time < 2; time++) {
      const { body } = await tryRule(id, { send: true, event: { diamond_count: 500 } });
      expect(body).toMatchObject({ sent: true, execution_id: expect.any(String) });
      const execution = await api.call<{ is_test: boolean; status: string; actions: object[] }>(
        'GET',
        `/api/executions/${body.execution_id}`,
        { token: owner.token },
      );
      expect(execution.body).toMatchObject({
        is_test: true,
        status: 'pending',
        event_id: null,
        actions: [{ status: 'retrying', config: { url: 'https://a.example/sample_viewer' } }, { status: 'retrying' }],
      });
    }
    expect(api.temporal.calls.slice(0, 2)).toEqual([
      { name: 'deliverActions', args: [`webhook:${owner.workspace_id}:https://a.example`, owner.workspace_id] },
      { name: 'deliverActions', args: [`log:${owner.workspace_id}:log`, owner.workspace_id] },
    ]);
    expect(await api.database.db.selectFrom('rule_cooldowns').selectAll().where('rule_id', '=', id).execute()).toEqual([]);
  });
});
