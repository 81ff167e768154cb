import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { OPERATORS } from '../../domain/contracts/rule.ts';
import { compileRule } from '../../domain/rules/compile.ts';
import { RULE_LIMITS } from '../../domain/rules/limits.ts';
import { renderAction } from '../../domain/rules/render.ts';
import { validateRuleDefinition } from '../../domain/rules/validate.ts';
import { giftEvent } from '../helpers/rules.ts';

const ID = '01890000-0000-7000-8000-000000000001';

/** A rule that is good, with what a test changes in it. */
const draft = (changes: object = {}): object => ({ name: 'Expensive gift', event_type: 'gift', ...changes });
const condition = (changes: object = {}): object => ({ field: 'diamond_count', operator: '>', value: '100', ...changes });
const webhook = (config: object): object => ({ action_type: 'webhook', config: { url: 'https://example.com/', ...config } });
const log = (message: unknown): object => ({ action_type: 'log', config: { message } });
const withCondition = (changes: object): object => draft({ conditions: [condition(), condition(changes)] });
const withWebhook = (config: object): object => draft({ actions: [webhook(config)] });

function faults(input: unknown): Record<string, string> {
  const verdict = validateRuleDefinition(input);
  return verdict.ok ? {} : Object.fromEntries(verdict.faults.map(({ field, message }) => [field, message]));
}

describe('a good rule', () => {
  test('as the documentation shows it is taken as it is', () => {
    const rule = {
      name: 'Expensive gift',
      description: '…',
      event_type: 'gift',
      livestream_id: null,
      logic_operator: 'AND',
      conditions: [{ field: 'diamond_count', operator: '>', value: '100', order: 0 }],
      actions: [
        {
          action_type: 'device_control',
          order: 0,
          config: { device_id: ID, command: 'ON', restore: { command: 'OFF', after_ms: 30_000 } },
        },
        {
          action_type: 'webhook',
          order: 1,
          config: {
            url: 'https://example.com/hook',
            method: 'POST',
            headers: {},
            body: { user: '{{username}}', value: '{{diamond_count}}' },
          },
        },
        { action_type: 'notification', order: 2, config: { channel: 'in_app', message: '{{username}} sent {{gift_name}}' } },
        { action_type: 'log', order: 3, config: { message: '{{username}}: {{diamond_count}}' } },
      ],
      cooldown_ms: 0,
      user_cooldown_ms: 0,
      max_age_ms: 60_000,
      fire_on: 'streak_end',
    };
    expect(validateRuleDefinition(rule)).toEqual({ ok: true, definition: rule });
  });

  test('gets the defaults, and its lists their order', () => {
    const verdict = validateRuleDefinition(draft({ name: ' Short ', conditions: [condition(), condition()], actions: [log('x')] }));
    expect(verdict).toEqual({
      ok: true,
      definition: {
        name: 'Short',
        description: null,
        event_type: 'gift',
        livestream_id: null,
        logic_operator: 'AND',
        conditions: [
          { field: 'diamond_count', operator: '>', value: '100', order: 0 },
          { field: 'diamond_count', operator: '>', value: '100', order: 1 },
        ],
        actions: [{ action_type: 'log', order: 0, config: { message: 'x' } }],
        cooldown_ms: 0,
        user_cooldown_ms: 0,
        max_age_ms: null,
        fire_on: 'streak_end',
      },
    });
  });

  test('that was read can be written back whole: what is not its own is left out', () => {
    const verdict = validateRuleDefinition(draft({ id: ID, workspace_id: ID, version: 3, is_active: true, created_at: 'x' }));
    expect(verdict.ok && Object.keys(verdict.definition)).not.toContain('version');
  });

  test.each([
    ['a list', { operator: 'in', value: ['Rose', 5, true] }],
    ['a list in a text', { operator: 'not_in', value: '["Rose"]' }],
    ['texts between commas', { operator: 'in', value: 'Rose, Lion' }],
    ['a nested field', { field: 'user.nickname', operator: 'contains', value: 'an' }],
    ['a boolean', { field: 'is_follower', operator: '==', value: true }],
    ['a field that no event has', { field: 'weather', operator: '!=', value: 'rain' }],
  ])('may have %s in a condition', (_, changes) => {
    expect(faults(withCondition(changes))).toEqual({});
  });

  test.each([
    ['a URL with expressions', { url: 'https://{{ user_id | url }}.example.com:{{ position }}/{{ nickname | url }}?a={{comment}}' }],
    ['a URL that is an expression', { url: '{{avatar_url}}' }],
    ['a plain text as body', { body: 'hello {{username}}' }],
    ['null as body', { body: null }],
    ['a body field named constructor', { body: { constructor: 'Ferrari' } }],
    ['GET without a body', { method: 'GET' }],
  ])('may have %s in a webhook', (_, config) => {
    expect(faults(withWebhook(config))).toEqual({});
  });

  test.each([
    { channel: 'email', to: 'a@example.com', subject: 'x', message: 'm' },
    { channel: 'email', to: '{{username}}@example.com', message: 'm' },
    { channel: 'slack', url: 'https://example.com/', message: 'm' },
    { channel: 'discord', url: 'https://example.com/', message: 'm' },
    { channel: 'telegram', url: 'https://example.com/', chat_id: '1', message: 'm' },
  ])('may notify by %j', (config) => {
    expect(faults(draft({ actions: [{ action_type: 'notification', config }] }))).toEqual({});
  });
});

describe('a fault is named by its field:', () => {
  const cases: [input: unknown, field: string, message: string][] = [
    [undefined, 'rule', 'expected object'],
    [null, 'rule', 'expected object'],
    ['rule', 'rule', 'expected object'],
    [[], 'rule', 'expected object'],
    [{}, 'name', 'expected string'],
    [{}, 'event_type', 'expected one of'],
    [draft({ name: '  ' }), 'name', 'empty'],
    [draft({ name: 'x'.repeat(201) }), 'name', '200'],
    [draft({ description: 5 }), 'description', 'expected string'],
    [draft({ event_type: 'gifts' }), 'event_type', '"gift"'],
    [draft({ livestream_id: 'x' }), 'livestream_id', 'id of a livestream'],
    [draft({ logic_operator: 'XOR' }), 'logic_operator', '"AND"'],
    [draft({ fire_on: 'always' }), 'fire_on', '"streak_end"'],
    [draft({ event_type: 'comment', fire_on: 'every_update' }), 'fire_on', 'only for gift, order and inventory'],
    [draft({ cooldown_ms: -1 }), 'cooldown_ms', '>=0'],
    [draft({ cooldown_ms: 1.5 }), 'cooldown_ms', 'expected int'],
    [draft({ cooldown_ms: '1' }), 'cooldown_ms', 'expected number'],
    [draft({ user_cooldown_ms: 1e12 }), 'user_cooldown_ms', '<='],
    [draft({ max_age_ms: 0 }), 'max_age_ms', '>=1'],
    [draft({ conditions: {} }), 'conditions', 'expected array'],
    [draft({ conditions: ['x'] }), 'conditions.0', 'expected object'],
    [draft({ conditions: Array.from({ length: 10_000 }, () => condition()) }), 'conditions', 'more than 100'],
    [draft({ actions: Array.from({ length: 21 }, () => log('x')) }), 'actions', 'more than 20'],
    [withCondition({ order: 0 }), 'conditions.1.order', 'second time'],
    [withCondition({ order: -1 }), 'conditions.1.order', '>=0'],
    [withCondition({ operator: 'matches' }), 'conditions.1.operator', '"not_in"'],
    [withCondition({ operator: undefined }), 'conditions.1.operator', '"not_in"'],
    [withCondition({ field: 5 }), 'conditions.1.field', 'expected string'],
    [withCondition({ field: '' }), 'conditions.1.field', 'empty'],
    [withCondition({ field: 'a..b' }), 'conditions.1.field', 'dot too many'],
    [withCondition({ field: '__proto__.polluted' }), 'conditions.1.field', '__proto__'],
    [withCondition({ field: 'user.constructor.name' }), 'conditions.1.field', 'constructor'],
    [withCondition({ field: 'a.b.c.d.e.f.g.h.i' }), 'conditions.1.field', 'deeper than 8'],
    [withCondition({ field: 'x'.repeat(201) }), 'conditions.1.field', '200'],
    [withCondition({ field: 'a b' }), 'conditions.1.field', 'white space'],
    [withCondition({ value: undefined }), 'conditions.1.value', 'must be a text'],
    [withCondition({ value: null }), 'conditions.1.value', 'no null'],
    [withCondition({ value: {} }), 'conditions.1.value', 'must be a text'],
    [withCondition({ value: ['a'] }), 'conditions.1.value', 'only in and not_in'],
    [withCondition({ value: true }), 'conditions.1.value', 'numbers or texts'],
    [withCondition({ value: Number.POSITIVE_INFINITY }), 'conditions.1.value', 'must be a text'],
    [withCondition({ operator: 'contains', value: '' }), 'conditions.1.value', 'must not be empty'],
    [withCondition({ operator: '==', value: 'x'.repeat(1_001) }), 'conditions.1.value', '1,000'],
    [withCondition({ operator: 'in', value: [] }), 'conditions.1.value', 'at least one'],
    [withCondition({ operator: 'in', value: ' , ' }), 'conditions.1.value', 'at least one'],
    [withCondition({ operator: 'in', value: 5 }), 'conditions.1.value', 'must be a list'],
    [withCondition({ operator: 'in', value: ['a', null] }), 'conditions.1.value.1', 'must be a text'],
    [withCondition({ operator: 'in', value: '[["a"]]' }), 'conditions.1.value', 'must be a list of'],
    [withCondition({ operator: 'in', value: Array.from({ length: 1_001 }, String) }), 'conditions.1.value', '1,000 values'],
    [withCondition({ operator: 'in', value: ['x'.repeat(1_001)] }), 'conditions.1.value', '1,000 characters'],
    [withCondition({ operator: 'in', value: 'x'.repeat(20_001) }), 'conditions.1.value', '20,000'],
    [draft({ actions: [{ action_type: 'sms', config: {} }] }), 'actions.0.action_type', 'Invalid'],
    [draft({ actions: [{ action_type: 'log' }] }), 'actions.0.config', 'expected object'],
    [draft({ actions: [log('x'), { ...log('y'), order: 0 }] }), 'actions.1.order', 'second time'],
    [draft({ actions: [log('')] }), 'actions.0.config.message', 'empty'],
    [draft({ actions: [log(5)] }), 'actions.0.config.message', 'expected string'],
    [draft({ actions: [log('{{'.repeat(500_000))] }), 'actions.0.config.message', '10,000'],
    [draft({ actions: [log('{{username')] }), 'actions.0.config.message', 'without "}}"'],
    [draft({ actions: [log('{{username | shout}}')] }), 'actions.0.config.message', 'unknown filter'],
    [draft({ actions: [log('{{a.__proto__}}')] }), 'actions.0.config.message', '__proto__'],
    [draft({ actions: [{ action_type: 'log', config: { message: 'x', mesage: 'y' } }] }), 'actions.0.config.mesage', 'not a field'],
    [withWebhook({ url: 'ftp://example.com' }), 'actions.0.config.url', 'http://'],
    [withWebhook({ url: 'javascript:alert(1)' }), 'actions.0.config.url', 'http://'],
    [withWebhook({ url: 'https://' }), 'actions.0.config.url', 'not a URL'],
    [withWebhook({ url: 'https://user:secret@example.com/' }), 'actions.0.config.url', 'header'],
    [withWebhook({ url: 'https://example.com/{{a' }), 'actions.0.config.url', 'without "}}"'],
    [withWebhook({ url: `https://example.com/${'x'.repeat(2_000)}` }), 'actions.0.config.url', '2,000'],
    [withWebhook({ method: 'TRACE' }), 'actions.0.config.method', '"POST"'],
    [withWebhook({ method: 'GET', body: {} }), 'actions.0.config.body', 'GET'],
    [withWebhook({ timeout_ms: 1 }), 'actions.0.config.timeout_ms', '>=100'],
    [withWebhook({ headers: { 'a b': 'x' } }), 'actions.0.config.headers.a b', ''],
    [withWebhook({ headers: { Host: 'x' } }), 'actions.0.config.headers.Host', ''],
    [withWebhook({ headers: { 'X-A': 'x\r\nY: z' } }), 'actions.0.config.headers.X-A', 'line breaks'],
    [withWebhook({ headers: { 'X-A': '{{nope' } }), 'actions.0.config.headers.X-A', 'without "}}"'],
    [withWebhook({ headers: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`X-${i}`, 'x'])) }), 'actions.0.config.headers', '50'],
    [withWebhook({ body: { a: ['{{nope'] } }), 'actions.0.config.body.a.0', 'without "}}"'],
    [withWebhook({ body: { a: 'x'.repeat(10_001) } }), 'actions.0.config.body.a', '10,000'],
    [withWebhook({ body: { ['x'.repeat(201)]: 1 } }), `actions.0.config.body.${'x'.repeat(201)}`, '200'],
    [withWebhook({ body: Array.from({ length: 1_001 }, () => 1) }), 'actions.0.config.body', '1,000'],
    [withWebhook({ body: () => 1 }), 'actions.0.config.body', 'must be JSON'],
    [withWebhook({ body: [Number.NaN] }), 'actions.0.config.body.0', 'finite'],
    [withWebhook({ body: [[[[[[[[[[[1]]]]]]]]]]] }), `actions.0.config.body${'.0'.repeat(10)}`, 'deeper than 10'],
    [withWebhook({ body: JSON.parse('{"a":{"__proto__":1}}') }), 'actions.0.config.body.a.__proto__', 'not a name'],
    [JSON.parse('{"__proto__":{"name":"x"}}'), '__proto__', 'not a name'],
  ];
  test.each(cases.map(([input, field, message]) => ({ input, field, message, name: field.slice(0, 60) })))(
    '$name: $message',
    ({ input, field, message }) => {
      const found = faults(input);
      expect(Object.keys(found)).toContain(field);
      expect(found[field]).toContain(message);
    },
  );

  test.each([
    [{ device_id: 'lamp', command: 'ON' }, 'device_id'],
    [{ device_id: ID }, 'command'],
    [{ device_id: ID, command: 'x'.repeat(1_001) }, 'command'],
    [{ device_id: ID, command: 'ON', params: [] }, 'params'],
    [{ device_id: ID, command: 'ON', params: { level: '{{' } }, 'params.level'],
    [{ device_id: ID, command: 'ON', restore: { command: 'OFF' } }, 'restore.after_ms'],
    [{ device_id: ID, command: 'ON', restore: { command: 'OFF', after_ms: 99 } }, 'restore.after_ms'],
    [{ device_id: ID, command: 'ON', restore: { command: 'OFF', after_ms: 86_400_001 } }, 'restore.after_ms'],
    [{ device_id: ID, command: 'ON', restore: { command: 'OFF', after_ms: 100, then: 1 } }, 'restore.then'],
  ])('device_control %j', (config, field) => {
    expect(Object.keys(faults(draft({ actions: [{ action_type: 'device_control', config }] })))).toContain(`actions.0.config.${field}`);
  });

  test.each([
    [{ channel: 'pigeon', message: 'm' }, 'channel'],
    [{ message: 'm' }, 'channel'],
    [{ channel: 'in_app' }, 'message'],
    [{ channel: 'email', to: 'nobody', message: 'm' }, 'to'],
    [{ channel: 'slack', message: 'm' }, 'url'],
    [{ channel: 'telegram', url: 'https://example.com/', message: 'm' }, 'chat_id'],
  ])('notification %j', (config, field) => {
    expect(Object.keys(faults(draft({ actions: [{ action_type: 'notification', config }] })))).toContain(`actions.0.config.${field}`);
  });

  test('many at once, but not without end', () => {
    expect(faults({ name: '', event_type: 'x', conditions: [{ field: '', operator: '?', value: null }] })).toMatchObject({
      name: expect.any(String),
      event_type: expect.any(String),
      'conditions.0.field': expect.any(String),
      'conditions.0.operator': expect.any(String),
      'conditions.0.value': expect.any(String),
    });
    const verdict = validateRuleDefinition(draft({ conditions: Array.from({ length: 99 }, () => ({})) }));
    expect(verdict.ok ? 0 : verdict.faults.length).toBe(RULE_LIMITS.faults);
  });

  test('nesting without end', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(Object.values(faults(withWebhook({ body: deep })))).toEqual(['must not be nested deeper than 32 levels']);
  });
});

describe('whatever is sent', () => {
  test('gets a verdict, and what passes compiles and renders', () => {
    const word = fc.oneof(fc.string(), fc.constantFrom('username', '{{username}}', '{{ a | json }}', '{{', 'user.id'));
    const conditions = fc.array(fc.record({ field: word, operator: fc.constantFrom(...OPERATORS), value: fc.jsonValue() }), {
      maxLength: 4,
    });
    const actions = fc.array(
      fc.oneof(
        word.map(log),
        fc.jsonValue().map((body) => webhook({ body })),
      ),
      { maxLength: 3 },
    );
    const rule = fc.record(
      { name: fc.string(), event_type: fc.constantFrom('gift', 'comment'), conditions, actions },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(rule, fc.jsonValue()), (input) => {
        const verdict = validateRuleDefinition(input);
        if (!verdict.ok) return expect(verdict.faults.length).toBeGreaterThan(0);
        expect(typeof compileRule(verdict.definition).matches(giftEvent())).toBe('boolean');
        for (const action of verdict.definition.actions) expect(renderAction(action, giftEvent())).toBeDefined();
      }),
      { numRuns: 300 },
    );
  });
});
