import type { Logger } from 'pino';
import type { DeviceConfig, MqttSettings } from '../domain/contracts/device.ts';
import { mqttSettings, readAvailability } from '../domain/device-presets.ts';
import type { IncomingMessage, MqttHub } from './mqtt-client.ts';
import { pause } from './pause.ts';
import type { PresenceBook } from './presence.ts';

export interface WatchedDevices {
  token: string;
  devices: readonly (DeviceConfig & { id: string })[];
}

export interface AvailabilityOptions {
  hub: Pick<MqttHub, 'subscribe'>;
  /** All MQTT devices, or null where nothing changed since `token`. */
  load(token: string | null): Promise<WatchedDevices | null>;
  presence: Pick<PresenceBook, 'note' | 'forget'>;
  logger: Pick<Logger, 'warn'>;
  /** How long a change of devices may go unnoticed. */
  pollMs?: number;
}

export interface AvailabilityWatcher {
  /** Idempotent. */
  close(): Promise<void>;
}

/** Listens to the availability and state topics of all MQTT devices, and follows their changes. */
export function watchAvailability({ hub, load, presence, logger, pollMs = 2_000 }: AvailabilityOptions): AvailabilityWatcher {
  const closing = new AbortController();
  /** By device: devices may share a topic. */
  let subscriptions = new Map<string, { config: string; end: () => void }>();

  const follow = (devices: WatchedDevices['devices']): void => {
    const next: typeof subscriptions = new Map();
    for (const device of devices) {
      if (device.kind !== 'mqtt') continue;
      const config = JSON.stringify(device.config);
      const before = subscriptions.get(device.id);
      subscriptions.delete(device.id);
      if (before?.config === config) {
        next.set(device.id, before);
        continue;
      }
      // Subscribed afresh: the broker then says again what it retains.
      before?.end();
      presence.forget(device.id);
      next.set(device.id, { config, end: listen(hub, device.id, mqttSettings(device.config), presence) });
    }
    subscriptions.forEach(({ end }) => end());
    subscriptions = next;
  };

  const run = async (): Promise<void> => {
    let token: string | null = null;
    while (!closing.signal.aborted) {
      try {
        const loaded = await load(token);
        if (loaded) {
          token = loaded.token;
          follow(loaded.devices);
        }
      } catch (error) {
        logger.warn({ err: error }, 'the list of devices could not be read');
      }
      await pause(pollMs, closing.signal);
    }
    follow([]);
  };

  const running = run();
  return {
    async close() {
      closing.abort();
      await running;
    },
  };
}

function listen(
  hub: Pick<MqttHub, 'subscribe'>,
  deviceId: string,
  settings: MqttSettings,
  presence: Pick<PresenceBook, 'note'>,
): () => void {
  const { availability_topic, state_topic } = settings;
  const ends: (() => void)[] = [];
  if (availability_topic !== null) {
    ends.push(
      hub.subscribe(availability_topic, ({ payload, retained }) => {
        const isOnline = readAvailability(settings, payload);
        // Whoever is online is seen now; who is offline was seen until now, unless that is old news.
        if (isOnline !== null) presence.note(deviceId, isOnline, isOnline || !retained);
      }),
    );
  }
  if (state_topic !== null && state_topic !== availability_topic) {
    const spoke = ({ retained }: IncomingMessage): void => {
      // Without an availability topic, speaking is the only sign of being online.
      if (!retained) presence.note(deviceId, availability_topic === null ? true : null, true);
    };
    ends.push(hub.subscribe(state_topic, spoke));
  }
  return () => ends.forEach((end) => end());
}
