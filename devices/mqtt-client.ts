import { randomBytes } from 'node:crypto';
import type { MqttClient } from 'mqtt';
import type { Logger } from 'pino';
import type { AttemptResult } from '../domain/contracts/action.ts';
import type { Qos } from '../domain/contracts/device.ts';
import { ERRORS } from '../domain/errors.ts';
import { isVersionRefused, openConnection, type MqttVersion } from './mqtt-connection.ts';
import { pause } from './pause.ts';
import { PublishWindow } from './publish-window.ts';

export interface MqttHubOptions {
  url: string;
  username?: string;
  password?: string;
  /** Give one that is the same after a restart, and of no other process: the broker then holds one status topic for it. */
  clientId?: string;
  logger: Pick<Logger, 'info' | 'warn'>;
  /** Without an acknowledgement for so long the connection is taken for dead. */
  ackTimeoutMs?: number;
}

export interface OutgoingMessage {
  topic: string;
  payload: string;
  qos: Qos;
  retain: boolean;
  /** User property `idempotency-key` on MQTT 5. */
  idempotency_key?: string;
}

export interface IncomingMessage {
  topic: string;
  payload: string;
  /** The broker kept it: it says how things were, not that the device speaks now. */
  retained: boolean;
}

export interface MqttHub {
  /**
   * Publishes now or not at all. Succeeds when the broker has acknowledged it (QoS 1, 2) or it is on the socket (QoS 0);
   * retryable mqtt_unavailable where the broker is away or silent; failed device_refused where it forbids the topic.
   */
  publish(message: OutgoingMessage, signal?: AbortSignal): Promise<AttemptResult>;
  /** Listens to a topic, over reconnects too. @returns ends it */
  subscribe(topic: string, listener: (message: IncomingMessage) => void): () => void;
  /** null while there is no connection. */
  readonly version: MqttVersion | null;
  /** Is there a connection within `timeoutMs`? */
  ready(timeoutMs: number): Promise<boolean>;
  /** Says goodbye to the broker. Idempotent. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const MAX_WAITING = 5_000;
/** MQTT 5 reason codes that no repetition changes: not authorized, topic name invalid, packet too large, payload format invalid. */
const REFUSED = new Set([0x87, 0x90, 0x95, 0x99]);

const unavailable = (error: string): AttemptResult => ({ outcome: 'retryable', code: 'mqtt_unavailable', error });
const UNAVAILABLE = unavailable(ERRORS.mqtt_unavailable.message);
const NO_ACK = unavailable('The MQTT broker did not acknowledge the message in time.');
const BUSY = unavailable('Too many messages wait for the MQTT broker.');
const ABORTED = unavailable('The worker stopped before the broker had the message.');
const SENT: AttemptResult = { outcome: 'succeeded', response: null };

/** One connection to the broker for a whole process; MQTT 5 where the broker takes it, else 3.1.1. Reconnects for ever. */
export function createMqttHub(options: MqttHubOptions): MqttHub {
  const { logger, ackTimeoutMs = 5_000 } = options;
  const clientId = options.clientId ?? `showrunner-${randomBytes(6).toString('hex')}`;
  const status = { topic: `showrunner/${clientId}/status`, retain: options.clientId !== undefined };
  const listeners = new Map<string, Set<(message: IncomingMessage) => void>>();
  const window = new PublishWindow(1, MAX_WAITING);
  const underWay = new Set<(result: AttemptResult) => void>();
  const closing = new AbortController();
  let client: MqttClient | null = null;
  let version: MqttVersion | null = null;
  let tryFirst: MqttVersion = 5;
  const onReady = new Set<() => void>();

  const onSubscribed = (error: Error | null): void => {
    if (error && !closing.signal.aborted) logger.warn({ err: error }, 'the MQTT broker refused a subscription');
  };

  const run = async (): Promise<void> => {
    for (let failures = 0; !closing.signal.aborted;) {
      try {
        const connection = await connect();
        failures = 0;
        await serve(connection);
        if (!closing.signal.aborted) logger.warn('the connection to the MQTT broker broke');
      } catch (error) {
        if (failures === 0) logger.warn({ err: error }, 'no connection to the MQTT broker; trying on');
        failures += 1;
      }
      await pause(Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2), closing.signal);
    }
  };

  const connect = async () => {
    const common = { ...options, clientId, timeoutMs: CONNECT_TIMEOUT_MS, will: { ...status, payload: 'offline' }, signal: closing.signal };
    try {
      return await openConnection({ ...common, version: tryFirst });
    } catch (error) {
      if (!isVersionRefused(error) || closing.signal.aborted) throw error;
      const other = tryFirst === 5 ? 4 : 5;
      const connection = await openConnection({ ...common, version: other });
      tryFirst = other;
      return connection;
    }
  };

  /** Resolves when the connection is gone. */
  const serve = (connection: Awaited<ReturnType<typeof connect>>): Promise<void> =>
    new Promise((resolve) => {
      const current = connection.client;
      client = current;
      version = connection.version;
      window.reset(connection.receiveMaximum);
      logger.info({ mqtt_version: version === 5 ? '5' : '3.1.1' }, 'connected to the MQTT broker');
      current.on('message', (topic, payload, packet) => {
        const message = { topic, payload: payload.toString(), retained: packet.retain };
        listeners.get(topic)?.forEach((listener) => listener(message));
      });
      current.once('close', () => {
        client = null;
        version = null;
        current.end(true);
        window.reset(1);
        underWay.forEach((settle) => settle(UNAVAILABLE));
        resolve();
      });
      current.publish(status.topic, 'online', { qos: 1, retain: status.retain }, () => undefined);
      if (listeners.size > 0) current.subscribe([...listeners.keys()], { qos: 1 }, onSubscribed);
      onReady.forEach((ready) => ready());
      if (closing.signal.aborted) current.end(true);
    });

  const publish = (message: OutgoingMessage, signal?: AbortSignal): Promise<AttemptResult> =>
    new Promise((resolve) => {
      const current = client;
      if (!current?.connected) return resolve(UNAVAILABLE);
      if (signal?.aborted) return resolve(ABORTED);
      const settle = (result: AttemptResult): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        underWay.delete(settle);
        takeBack?.();
        resolve(result);
      };
      const onAbort = (): void => settle(ABORTED);
      const timer = setTimeout(() => {
        settle(started ? NO_ACK : BUSY);
        if (started) current.end(true);
      }, ackTimeoutMs);
      underWay.add(settle);
      signal?.addEventListener('abort', onAbort, { once: true });
      let started = false;
      let takeBack: (() => void) | null = null;
      takeBack = window.enter((release) => {
        started = true;
        current.publish(message.topic, message.payload, publishOptions(message, version), (error) => {
          release();
          settle(error ? refusal(error) : SENT);
        });
      });
      if (!takeBack) settle(BUSY);
    });

  const running = run();
  return {
    publish,
    subscribe(topic, listener) {
      const known = listeners.get(topic);
      if (known) known.add(listener);
      else listeners.set(topic, new Set([listener]));
      // A repeated subscription makes the broker send what it retains again: the new listener has not heard it.
      client?.subscribe(topic, { qos: 1 }, onSubscribed);
      return () => {
        const left = listeners.get(topic);
        left?.delete(listener);
        if (left?.size !== 0) return;
        listeners.delete(topic);
        client?.unsubscribe(topic, () => undefined);
      };
    },
    get version() {
      return version;
    },
    async ready(timeoutMs) {
      if (client) return true;
      const enough = new AbortController();
      const ready = (): void => enough.abort();
      onReady.add(ready);
      await pause(timeoutMs, enough.signal);
      onReady.delete(ready);
      return client !== null;
    },
    async close() {
      if (!closing.signal.aborted) {
        if (client) await publish({ topic: status.topic, payload: 'offline', qos: 1, retain: status.retain });
        closing.abort();
        client?.end();
      }
      await running;
    },
  };
}

function publishOptions({ qos, retain, idempotency_key }: OutgoingMessage, version: MqttVersion | null) {
  return version === 5 && idempotency_key
    ? { qos, retain, properties: { userProperties: { 'idempotency-key': idempotency_key } } }
    : { qos, retain };
}

function refusal(error: Error): AttemptResult {
  const code = 'code' in error ? error.code : undefined;
  if (typeof code === 'number' && REFUSED.has(code)) {
    return { outcome: 'failed', code: 'device_refused', error: `The MQTT broker refused the message: ${error.message}` };
  }
  return unavailable(`The MQTT broker did not take the message: ${error.message}`);
}
