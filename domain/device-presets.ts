import type { DevicePreset, MqttDeviceConfig, MqttSettings } from './contracts/device.ts';

type PresetParts = Pick<MqttSettings, 'command_topic' | 'payload'> &
  Partial<Pick<MqttSettings, 'availability_topic' | 'payload_online' | 'payload_offline' | 'state_topic' | 'merge_params'>>;

/** What each firmware calls its topics by default; the links stand in docs/devices.md. */
const PRESETS: Record<Exclude<DevicePreset, 'custom'>, (base: string, channel: number | undefined) => PresetParts> = {
  tasmota: (base, channel) => ({
    command_topic: `cmnd/${base}/POWER${channel ?? ''}`,
    payload: '{{command}}',
    availability_topic: `tele/${base}/LWT`,
    payload_online: 'Online',
    payload_offline: 'Offline',
    state_topic: `tele/${base}/STATE`,
  }),
  zigbee2mqtt: (base) => ({
    command_topic: `zigbee2mqtt/${base}/set`,
    payload: { state: '{{command}}' },
    merge_params: true,
    availability_topic: `zigbee2mqtt/${base}/availability`,
    state_topic: `zigbee2mqtt/${base}`,
  }),
  shelly_gen1: (base, channel = 0) => ({
    command_topic: `shellies/${base}/relay/${channel}/command`,
    payload: '{{command|lower}}',
    availability_topic: `shellies/${base}/online`,
    payload_online: 'true',
    payload_offline: 'false',
    state_topic: `shellies/${base}/relay/${channel}`,
  }),
  shelly_gen2: (base, channel = 0) => ({
    command_topic: `${base}/command/switch:${channel}`,
    payload: '{{command|lower}}',
    availability_topic: `${base}/online`,
    payload_online: 'true',
    payload_offline: 'false',
    state_topic: `${base}/status/switch:${channel}`,
  }),
  esphome: (base) => ({
    command_topic: `${base}/command`,
    payload: '{{command}}',
    availability_topic: `${esphomeNode(base)}/status`,
    state_topic: `${base}/state`,
  }),
  home_assistant: (base) => ({
    command_topic: `${base}/command`,
    payload: '{{command}}',
    availability_topic: `${base}/status`,
    state_topic: `${base}/state`,
  }),
};

/** ESPHome's components are at <node>/<component>/<object>, its status at <node>/status. */
function esphomeNode(base: string): string {
  const parts = base.split('/');
  return parts.length > 2 ? parts.slice(0, -2).join('/') : base;
}

/** Fills in what the preset knows; what the config says itself wins. A custom payload object carries the idempotency key. */
export function mqttSettings(config: MqttDeviceConfig): MqttSettings {
  const preset: PresetParts =
    config.preset === 'custom'
      ? { command_topic: config.command_topic ?? '', payload: '{{command}}' }
      : PRESETS[config.preset](config.base_topic ?? '', config.channel);
  return {
    command_topic: config.command_topic ?? preset.command_topic,
    qos: config.qos,
    retain: config.retain,
    payload: config.payload ?? preset.payload,
    merge_params: config.merge_params ?? preset.merge_params ?? false,
    // Only what is ours to define may carry one more field: zigbee2mqtt answers an unknown field with an error.
    idempotency_field:
      config.idempotency_field === undefined ? (config.preset === 'custom' ? 'idempotency_key' : null) : config.idempotency_field,
    availability_topic: config.availability_topic ?? preset.availability_topic ?? null,
    payload_online: config.payload_online ?? preset.payload_online ?? 'online',
    payload_offline: config.payload_offline ?? preset.payload_offline ?? 'offline',
    state_topic: config.state_topic ?? preset.state_topic ?? null,
  };
}

/**
 * What a message on an availability topic says: true, false, or null where it says neither.
 * zigbee2mqtt and others wrap the word in JSON: {"state":"online"}.
 */
export function readAvailability(settings: Pick<MqttSettings, 'payload_online' | 'payload_offline'>, payload: string): boolean | null {
  const said = payload.startsWith('{') ? stateOf(payload) : payload;
  if (said === settings.payload_online || payload === settings.payload_online) return true;
  if (said === settings.payload_offline || payload === settings.payload_offline) return false;
  return null;
}

function stateOf(payload: string): string | null {
  try {
    const parsed: unknown = JSON.parse(payload);
    return typeof parsed === 'object' && parsed !== null && 'state' in parsed && typeof parsed.state === 'string' ? parsed.state : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
