import mqtt, { type MqttClient } from 'mqtt';
import { ApiClient, controlOf } from './api-client.ts';
import { eventually } from './eventually.ts';
import type { Product } from './product.ts';

export interface Message {
  id: string;
  key: string;
  at: number;
}

interface Livestream {
  id: string;
  status: string;
  status_reason: string | null;
  total_events: number;
}

/** A person with a lamp that every share switches on, connected to a room of the sandbox; and what the lamp received. */
export class Show {
  readonly api: ApiClient;
  readonly room: string;
  readonly livestreamId: string;
  readonly control: ReturnType<typeof controlOf>;
  readonly received: Message[] = [];
  readonly #lamp: MqttClient;

  private constructor(api: ApiClient, room: string, livestreamId: string, control: ReturnType<typeof controlOf>, lamp: MqttClient) {
    this.api = api;
    this.room = room;
    this.livestreamId = livestreamId;
    this.control = control;
    this.#lamp = lamp;
  }

  static async open(product: Product, mqttUrl: string, room: string): Promise<Show> {
    const control = controlOf(product.sandboxUrl);
    await control.post('/rooms', { name: room, history: 0, log_size: 50_000 });
    const api = await ApiClient.register(product.apiUrl);
    const topic = `test/${room}/lamp`;
    const device = await api.post<{ id: string }>('/api/devices', {
      name: 'Lamp',
      kind: 'mqtt',
      config: { preset: 'custom', command_topic: topic, qos: 1, payload: { id: '{{params.id}}' }, idempotency_field: 'key' },
    });
    const rule = await api.post<{ id: string }>('/api/rules', {
      name: 'Share switches the lamp on',
      event_type: 'share',
      actions: [{ action_type: 'device_control', config: { device_id: device.id, command: 'ON', params: { id: '{{msg_id}}' } } }],
    });
    await api.patch(`/api/rules/${rule.id}/activate`);
    const lamp = await mqtt.connectAsync(mqttUrl);
    await lamp.subscribeAsync(topic, { qos: 1 });
    const { id } = await api.post<Livestream>('/api/livestreams/connect', { tiktok_input: `@${room}` });
    const show = new Show(api, room, id, control, lamp);
    lamp.on('message', (_topic, payload) => {
      show.received.push({ ...(JSON.parse(payload.toString()) as { id: string; key: string }), at: Date.now() });
    });
    await show.reaches('live');
    return show;
  }

  livestream(): Promise<Livestream> {
    return this.api.get<Livestream>(`/api/livestreams/${this.livestreamId}`);
  }

  async reaches(status: string): Promise<void> {
    await eventually(async () => (await this.livestream()).status === status, { timeoutMs: 60_000 });
  }

  /** Begins to send; see `sent` for how it went. */
  async load(events_per_second: number, duration_s: number): Promise<void> {
    await this.control.post(`/rooms/${this.room}/load`, { events_per_second, events_per_frame: 1, duration_s, mix: { comment: 60, like: 15, gift: 10, join: 5, share: 10 } });
  }

  /** Waits for the end of the load. @returns what a faultless listener has counted */
  async sent(): Promise<Record<'total_events' | 'total_comments' | 'total_gifts' | 'total_likes' | 'total_joins' | 'total_shares', number>> {
    const { totals } = await eventually(
      async () => {
        const state = await this.control.get<{ running: boolean; totals: Awaited<ReturnType<Show['sent']>> }>(`/rooms/${this.room}/load`);
        return state.running ? null : state;
      },
      { timeoutMs: 120_000, intervalMs: 200 },
    );
    return totals;
  }

  /** Everything that TikTok sent, as the API lists it. */
  async storedEvents(): Promise<{ id: string; type: string; msg_id: string }[]> {
    const events = await this.api.all<{ id: string; type: string; msg_id: string }>(`/api/livestreams/${this.livestreamId}/events`);
    return events.filter((event) => event.type !== 'connect' && event.type !== 'disconnect');
  }

  /** Ids of shares for which the lamp received a command; a repeat carries the key of the first. */
  lampIds(): Set<string> {
    return new Set(this.received.map((message) => message.id));
  }

  async close(): Promise<void> {
    await this.#lamp.endAsync();
  }
}
