import { randomBytes } from 'node:crypto';
import type { RuleDefinition } from '../../domain/contracts/rule.ts';
import type { DemoApi } from './api.ts';
import { register } from './person.ts';

export const ROOM = 'gifts';
/** Apiece. */
export const DIAMONDS = 5;
const RESTORE_MS = 3_000;

export interface Scene {
  email: string;
  password: string;
  livestreamId: string;
  /** Where the lamp listens. */
  topic: string;
  rules: { id: string; name: string }[];
}

/** Registers somebody, gives them a lamp and two rules, and connects them to a room of the sandbox. */
export async function setTheScene(api: DemoApi, webhookUrl: string): Promise<Scene> {
  const person = await register(api);

  const topic = `showrunner/demo/${randomBytes(4).toString('hex')}/set`;
  const payload = { state: '{{command}}', why: '{{why}}', received_at: '{{received_at}}' };
  const { id: deviceId } = await api.post<{ id: string }>('/api/devices', {
    name: 'Lamp',
    kind: 'mqtt',
    config: { preset: 'custom', command_topic: topic, qos: 1, retain: false, payload },
  });
  const rules = [];
  for (const definition of [expensiveGift(deviceId, webhookUrl), englishComment(deviceId)]) {
    const { id } = await api.post<{ id: string }>('/api/rules', definition);
    await api.patch(`/api/rules/${id}/activate`);
    rules.push({ id, name: definition.name });
  }
  const { id: livestreamId } = await api.post<{ id: string }>('/api/livestreams/connect', { tiktok_input: `@${ROOM}` });
  return { email: person.email, password: person.password, livestreamId, topic, rules };
}

/** Ends the session and switches the rules off; what happened stays to be looked at. */
export async function clearTheScene(api: DemoApi, scene: Scene): Promise<void> {
  await api.post(`/api/livestreams/${scene.livestreamId}/disconnect`);
  await Promise.all(scene.rules.map(({ id }) => api.patch(`/api/rules/${id}/deactivate`)));
}

const WITHOUT_COOLDOWN = { livestream_id: null, cooldown_ms: 0, user_cooldown_ms: 0, max_age_ms: 60_000, fire_on: 'streak_end' } as const;

function expensiveGift(deviceId: string, webhookUrl: string): RuleDefinition {
  return {
    name: 'Expensive gift',
    description: `A gift above ${DIAMONDS} diamonds apiece switches the lamp on for ${RESTORE_MS / 1_000} s`,
    event_type: 'gift',
    logic_operator: 'AND',
    conditions: [{ field: 'diamond_count', operator: '>', value: String(DIAMONDS), order: 0 }],
    actions: [
      {
        action_type: 'device_control',
        order: 0,
        config: { device_id: deviceId, command: 'ON', params: { why: '{{username}} sent {{gift_name}}', received_at: '{{received_at}}' }, restore: { command: 'OFF', after_ms: RESTORE_MS } },
      },
      { action_type: 'webhook', order: 1, config: { url: webhookUrl, method: 'POST', headers: {}, body: { user: '{{username}}', value: '{{diamond_count}}' } } },
      { action_type: 'notification', order: 2, config: { channel: 'in_app', message: '{{username}} sent {{gift_name}}' } },
      { action_type: 'log', order: 3, config: { message: '{{username}}: {{diamond_count}}' } },
    ],
    ...WITHOUT_COOLDOWN,
  };
}

function englishComment(deviceId: string): RuleDefinition {
  return {
    name: 'English comment',
    description: 'A comment in English makes the lamp blink',
    event_type: 'comment',
    logic_operator: 'AND',
    conditions: [{ field: 'language', operator: '==', value: 'en', order: 0 }],
    actions: [
      { action_type: 'device_control', order: 0, config: { device_id: deviceId, command: 'BLINK', params: { why: '{{username}}: {{comment}}', received_at: '{{received_at}}' } } },
    ],
    ...WITHOUT_COOLDOWN,
  };
}
