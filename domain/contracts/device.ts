import type { Json } from './rule.ts';

export const DEVICE_KINDS = ['mqtt', 'http'] as const;
export type DeviceKind = (typeof DEVICE_KINDS)[number];

export const DEVICE_PRESETS = ['custom', 'tasmota', 'zigbee2mqtt', 'shelly_gen1', 'shelly_gen2', 'esphome', 'home_assistant'] as const;
export type DevicePreset = (typeof DEVICE_PRESETS)[number];

export type Qos = 0 | 1 | 2;

/** As a person gave it: what is absent comes from the preset (see mqttSettings in domain/device-presets.ts). */
export interface MqttDeviceConfig {
  preset: DevicePreset;
  /** Needed unless the preset is custom: what the device is called at the broker (Tasmota's topic, zigbee2mqtt's friendly name, …). */
  base_topic?: string;
  /** Tasmota: POWER<channel>; Shelly: which relay or switch. */
  channel?: number;
  /** Needed for custom. */
  command_topic?: string;
  qos: Qos;
  retain: boolean;
  /** Text, or an object that is sent as JSON; templates {{command}}, {{params.name}}. */
  payload?: Json;
  /** The command's params are added to a payload that is an object. */
  merge_params?: boolean;
  /** Field of a payload object that carries the idempotency key; null: none. */
  idempotency_field?: string | null;
  availability_topic?: string;
  payload_online?: string;
  payload_offline?: string;
  state_topic?: string;
}

/** The same with the preset's parts filled in. */
export interface MqttSettings {
  command_topic: string;
  qos: Qos;
  retain: boolean;
  payload: Json;
  merge_params: boolean;
  idempotency_field: string | null;
  availability_topic: string | null;
  payload_online: string;
  payload_offline: string;
  state_topic: string | null;
}

export interface HttpDeviceConfig {
  /** Templates are URL-encoded. */
  url: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Values are secrets: encrypted at rest (mapDeviceSecrets). */
  headers: { [name: string]: string };
  /** Text, or JSON; null: no body. */
  body: Json;
  /** Milliseconds for the whole exchange. */
  timeout_ms: number;
}

export type DeviceConfig = { kind: 'mqtt'; config: MqttDeviceConfig } | { kind: 'http'; config: HttpDeviceConfig };

/** What a sender needs to know of a device; secrets in the clear. */
export type DeviceTarget = DeviceConfig & { id: string; workspace_id: string; name: string };

export interface DeviceCommand {
  command: string;
  params?: { [key: string]: Json };
}

export type RenderedCommand =
  | { kind: 'mqtt'; topic: string; payload: string; qos: Qos; retain: boolean }
  | {
      kind: 'http';
      url: string;
      method: HttpDeviceConfig['method'];
      headers: { [name: string]: string };
      body: string | null;
      timeout_ms: number;
    };

/** Input of the `sendDeviceCommand` workflow; its result is an AttemptResult. */
export interface SendDeviceCommandInput {
  workspace_id: string;
  device_id: string;
  command: string;
  params?: { [key: string]: Json };
  /** The caller's: tells a repeat from a new command. Absent: the workflow's id. */
  idempotency_key?: string;
}
