import type { AttemptResult } from '../domain/contracts/action.ts';
import type { DeviceCommand, DeviceTarget, RenderedCommand } from '../domain/contracts/device.ts';
import type { OutgoingHttp } from '../domain/contracts/outgoing-http.ts';
import { renderCommand } from '../domain/devices.ts';
import { DEVICE_TARGET, outcomeOf } from '../domain/http-outcomes.ts';
import type { MqttHub } from './mqtt-client.ts';
import type { PresenceBook } from './presence.ts';

export interface DeviceClient {
  /** Sends one command. Never rejects. */
  send(device: DeviceTarget, command: DeviceCommand, idempotencyKey: string, signal: AbortSignal): Promise<AttemptResult>;
}

export interface DeviceClientDeps {
  mqtt: Pick<MqttHub, 'publish'>;
  http: Pick<OutgoingHttp, 'request'>;
  /** Learns from HTTP devices' answers; MQTT devices speak for themselves. */
  presence?: Pick<PresenceBook, 'note'>;
}

type HttpCommand = Extract<RenderedCommand, { kind: 'http' }>;

/** Sends commands to devices of every kind. */
export function createDeviceClient({ mqtt, http, presence }: DeviceClientDeps): DeviceClient {
  const sendHttp = async (deviceId: string, command: HttpCommand, key: string, signal: AbortSignal): Promise<AttemptResult> => {
    const { method, url, body, timeout_ms } = command;
    const answer = await http.request({ method, url, headers: headersOf(command, key), body, timeout_ms }, signal);
    if (answer.kind === 'response') presence?.note(deviceId, true, true);
    else if (!signal.aborted && (answer.code === 'target_unreachable' || answer.code === 'target_timeout'))
      presence?.note(deviceId, false, false);
    return outcomeOf(answer, DEVICE_TARGET);
  };

  return {
    async send(device, command, idempotencyKey, signal) {
      const rendered = renderCommand(device, command, idempotencyKey);
      if (rendered.kind === 'http') return sendHttp(device.id, rendered, idempotencyKey, signal);
      const { topic, payload, qos, retain } = rendered;
      return mqtt.publish({ topic, payload, qos, retain, idempotency_key: idempotencyKey }, signal);
    },
  };
}

function headersOf({ headers, body }: HttpCommand, idempotencyKey: string): { [name: string]: string } {
  const all: { [name: string]: string } = { 'user-agent': 'Showrunner/1' };
  if (body !== null) all['content-type'] = /^[{[]/.test(body) ? 'application/json' : 'text/plain; charset=utf-8';
  for (const [name, value] of Object.entries(headers)) all[name.toLowerCase()] = value;
  all['idempotency-key'] = idempotencyKey;
  return all;
}
