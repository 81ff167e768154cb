import type { ApiClient } from '../../tests/helpers/api-client.ts';

interface Livestream {
  id: string;
  status: string;
  status_reason: string | null;
  total_events: number;
}

/** Rules of three conditions on comments and gifts that hold for no event of the load. */
export function idleRules(count: number): object[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `Idle ${index}`,
    event_type: index % 2 === 0 ? 'comment' : 'gift',
    conditions: [
      { field: 'username', operator: '!=', value: `nobody${index}`, order: 0 },
      { field: index % 2 === 0 ? 'comment' : 'gift_name', operator: 'not_contains', value: `zz${index}`, order: 1 },
      { field: index % 2 === 0 ? 'language' : 'diamond_count', operator: '==', value: index % 2 === 0 ? `x${index}` : String(1_000_000 + index), order: 2 },
    ],
    actions: [{ action_type: 'log', order: 0, config: { message: '{{username}}' } }],
  }));
}

export async function activateRules(api: ApiClient, rules: readonly object[]): Promise<string[]> {
  const ids: string[] = [];
  for (const rule of rules) {
    const { id } = await api.post<{ id: string }>('/api/rules', rule);
    await api.patch(`/api/rules/${id}/activate`);
    ids.push(id);
  }
  return ids;
}

/** Connects a room and waits until it is live. */
export async function connectRoom(api: ApiClient, room: string): Promise<string> {
  const { id } = await api.post<Livestream>('/api/livestreams/connect', { tiktok_input: `@${room}` });
  for (const deadline = Date.now() + 60_000; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const livestream = await api.get<Livestream>(`/api/livestreams/${id}`);
    if (livestream.status === 'live') return id;
    if (livestream.status === 'failed' || Date.now() > deadline) throw new Error(`${room} is ${livestream.status}: ${livestream.status_reason}`);
  }
}
