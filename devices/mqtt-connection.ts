import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';

export type MqttVersion = 4 | 5;

export interface MqttCredentials {
  url: string;
  username?: string;
  password?: string;
  clientId: string;
}

export interface OpenConnection {
  client: MqttClient;
  version: MqttVersion;
  /** Publishes that the broker takes without having acknowledged them. */
  receiveMaximum: number;
}

export interface ConnectionOptions extends MqttCredentials {
  version: MqttVersion;
  timeoutMs: number;
  signal: AbortSignal;
  will: { topic: string; payload: string; retain: boolean };
}

/** MQTT 3.1.1 names no limit; this one keeps a broker's queue short. */
const DEFAULT_RECEIVE_MAXIMUM = 500;
const KEEPALIVE_S = 15;

/**
 * Opens one connection. It never reconnects: what it had in flight when it broke ends with it, instead of going out late
 * behind newer commands.
 * @throws the broker's refusal or the network's error
 */
export async function openConnection(options: ConnectionOptions): Promise<OpenConnection> {
  const { url, username, password, clientId, version, timeoutMs, signal, will } = options;
  const settings: IClientOptions = {
    protocolVersion: version,
    clientId,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    clean: true,
    reconnectPeriod: 0,
    connectTimeout: timeoutMs,
    keepalive: KEEPALIVE_S,
    queueQoSZero: false,
    resubscribe: false,
    will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: will.retain },
  };
  return new Promise((resolve, reject) => {
    const client = mqtt.connect(url, settings);
    let reason = new Error('The MQTT broker closed the connection before it accepted it.');
    const onError = (error: Error): void => {
      reason = error;
      client.end(true);
    };
    const onAbort = (): void => {
      client.end(true);
      reject(reason);
    };
    const onClose = (): void => {
      signal.removeEventListener('abort', onAbort);
      client.end(true);
      reject(reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    // A socket may report an error once more after it was given up: without a listener that would end the process.
    client.on('error', () => undefined);
    client.once('error', onError);
    client.once('close', onClose);
    client.once('connect', (connack) => {
      signal.removeEventListener('abort', onAbort);
      client.off('error', onError);
      client.off('close', onClose);
      resolve({
        client,
        version,
        receiveMaximum: Math.min(connack.properties?.receiveMaximum ?? DEFAULT_RECEIVE_MAXIMUM, DEFAULT_RECEIVE_MAXIMUM),
      });
    });
  });
}

/** Did the broker refuse the version (MQTT 3.1.1: return code 1; MQTT 5: 132), or close without a word as some old ones do? */
export function isVersionRefused(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  return code === 1 || code === 132 || error.message.startsWith('The MQTT broker closed');
}
