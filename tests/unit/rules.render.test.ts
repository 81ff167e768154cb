import { describe, expect, test } from '@jest/globals';
import type { Json, NotificationConfig, RuleAction } from '../../domain/contracts/rule.ts';
import { renderAction } from '../../domain/rules/render.ts';
import { giftEvent } from '../helpers/rules.ts';

const webhook = (config: Partial<Extract<RuleAction, { action_type: 'webhook' }>['config']>): RuleAction => ({
  action_type: 'webhook',
  order: 0,
  config: { url: 'https://example.com/', ...config },
});

describe('rendering an action', () => {
  test('fills in a webhook’s texts and keeps the types of its body', () => {
    const body: Json = {
      user: '{{username}}',
      value: '{{diamond_count}}',
      text: 'x{{diamond_count}}',
      deep: [{ ok: '{{is_follower}}' }, 1, null, true],
    };
    const action = webhook({ method: 'PUT', headers: { 'X-Gift': '{{gift_name}}', 'X-Plain': 'a' }, body, timeout_ms: 500 });
    const before = structuredClone(action);
    expect(renderAction(action, giftEvent())).toEqual({
      action_type: 'webhook',
      order: 0,
      config: {
        url: 'https://example.com/',
        method: 'PUT',
        headers: { 'X-Gift': 'Lion', 'X-Plain': 'a' },
        body: { user: 'ann', value: 500, text: 'x500', deep: [{ ok: true }, 1, null, true] },
        timeout_ms: 500,
      },
    });
    expect(action).toEqual(before);
  });

  test('leaves out what a webhook does not have', () => {
    expect(renderAction(webhook({}), giftEvent())).toEqual(webhook({}));
  });

  test('takes names of body fields and headers literally', () => {
    const action = webhook({ headers: { '{{username}}': 'x' }, body: { '{{username}}': 1 } });
    expect(renderAction(action, giftEvent())).toEqual(action);
  });

  test('keeps line breaks of viewers out of headers', () => {
    const rendered = renderAction(webhook({ headers: { 'X-Name': '{{nickname}}' } }), giftEvent({ nickname: 'a\r\nX-Evil: 1\u0000' }));
    expect(rendered).toMatchObject({ config: { headers: { 'X-Name': 'a  X-Evil: 1 ' } } });
  });

  test.each([
    ['https://example.com/{{nickname}}?n={{nickname}}', 'https://example.com/..%2Fa%3Fb%26c?n=..%2Fa%3Fb%26c'],
    ['https://example.com/?n={{ nickname | url }}', 'https://example.com/?n=..%2Fa%3Fb%26c'],
    ['https://example.com/?n={{ nope | url | default:"a b" }}', 'https://example.com/?n=a b'],
    ['https://{{nickname}}/', 'https://..%2Fa%3Fb%26c/'],
  ])('keeps what viewers write in its place in the URL %s', (url, expected) => {
    expect(renderAction(webhook({ url }), giftEvent({ nickname: '../a?b&c' }))).toMatchObject({ config: { url: expected } });
  });

  test('lets a value that begins a URL be the URL', () => {
    const event = giftEvent({ avatar_url: 'https://cdn.example.com/a.png?x=1' });
    expect(renderAction(webhook({ url: '{{avatar_url}}' }), event)).toMatchObject({ config: { url: 'https://cdn.example.com/a.png?x=1' } });
  });

  test('fills in a device’s command, params and restore, and takes its id literally', () => {
    const action: RuleAction = {
      action_type: 'device_control',
      order: 2,
      config: {
        device_id: '{{user_id}}',
        command: 'FLASH {{repeat_count}}',
        params: { level: '{{diamond_count}}', name: 'for {{username}}' },
        restore: { command: 'OFF {{username}}', after_ms: 30_000 },
      },
    };
    expect(renderAction(action, giftEvent())).toEqual({
      action_type: 'device_control',
      order: 2,
      config: {
        device_id: '{{user_id}}',
        command: 'FLASH 3',
        params: { level: 500, name: 'for ann' },
        restore: { command: 'OFF ann', after_ms: 30_000 },
      },
    });
  });

  test('leaves a device command without params and restore as short as it is', () => {
    const action: RuleAction = { action_type: 'device_control', order: 0, config: { device_id: 'd', command: 'ON' } };
    expect(renderAction(action, giftEvent())).toEqual(action);
  });

  test.each<[NotificationConfig, NotificationConfig]>([
    [
      { channel: 'in_app', message: '{{username}} sent {{gift_name}}' },
      { channel: 'in_app', message: 'ann sent Lion' },
    ],
    [
      { channel: 'email', to: '{{username}}@example.com', subject: '{{nickname}}', message: '{{nickname}}' },
      { channel: 'email', to: 'ann@example.com', subject: 'A B', message: 'A\nB' },
    ],
    [
      { channel: 'email', to: 'a@example.com', message: 'm' },
      { channel: 'email', to: 'a@example.com', message: 'm' },
    ],
    [
      { channel: 'discord', url: 'https://example.com/{{nickname}}', message: '{{gift_name}}' },
      { channel: 'discord', url: 'https://example.com/A%0AB', message: 'Lion' },
    ],
    [
      { channel: 'telegram', url: 'https://example.com/', chat_id: '{{user_id}}', message: '{{gift_name}}' },
      { channel: 'telegram', url: 'https://example.com/', chat_id: '7000000000000000001', message: 'Lion' },
    ],
  ])('fills in the notification %j', (config, expected) => {
    const action: RuleAction = { action_type: 'notification', order: 0, config };
    expect(renderAction(action, giftEvent({ nickname: 'A\nB' }))).toEqual({ action_type: 'notification', order: 0, config: expected });
  });

  test('fills in a log message, for each event anew', () => {
    const action: RuleAction = { action_type: 'log', order: 3, config: { message: '{{username}}: {{diamond_count}}' } };
    expect(renderAction(action, giftEvent())).toMatchObject({ config: { message: 'ann: 500' } });
    expect(renderAction(action, giftEvent({ username: 'bob', diamond_count: 1 }))).toMatchObject({ config: { message: 'bob: 1' } });
  });
});
