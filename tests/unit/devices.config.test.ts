import { describe, expect, test } from '@jest/globals';
import type { DeviceConfig } from '../../domain/contracts/device.ts';
import { mqttSettings, readAvailability } from '../../domain/device-presets.ts';
import { deviceConfigSchema, mapDeviceSecrets, renderCommand } from '../../domain/devices.ts';

const device = (input: unknown): DeviceConfig => deviceConfigSchema.parse(input);
const mqtt = (config: Record<string, unknown>): DeviceConfig => device({ kind: 'mqtt', config });

function faults(input: unknown): string[] {
  const parsed = deviceConfigSchema.safeParse(input);
  return parsed.success ? [] : parsed.error.issues.map((issue) => issue.path.join('.'));
}

describe('A preset', () => {
  test.each([
    ['tasmota', 'lamp', 'cmnd/lamp/POWER', 'ON', 'tele/lamp/LWT'],
    ['zigbee2mqtt', 'kitchen/lamp', 'zigbee2mqtt/kitchen/lamp/set', '{"state":"ON"}', 'zigbee2mqtt/kitchen/lamp/availability'],
    ['shelly_gen1', 'shelly1-ABC', 'shellies/shelly1-ABC/relay/0/command', 'on', 'shellies/shelly1-ABC/online'],
    ['shelly_gen2', 'plus1-abc', 'plus1-abc/command/switch:0', 'on', 'plus1-abc/online'],
    ['esphome', 'node/switch/relay', 'node/switch/relay/command', 'ON', 'node/status'],
    ['home_assistant', 'home/lamp', 'home/lamp/command', 'ON', 'home/lamp/status'],
  ])('%s knows its topics and its payload', (preset, base_topic, topic, payload, availability) => {
    const config = mqtt({ preset, base_topic });
    expect(renderCommand(config, { command: 'ON' }, 'key')).toEqual({ kind: 'mqtt', topic, payload, qos: 1, retain: false });
    if (config.kind === 'mqtt') expect(mqttSettings(config.config).availability_topic).toBe(availability);
  });

  test('takes a channel', () => {
    expect(renderCommand(mqtt({ preset: 'tasmota', base_topic: 'l', channel: 2 }), { command: 'ON' }, 'k')).toMatchObject({
      topic: 'cmnd/l/POWER2',
    });
    expect(renderCommand(mqtt({ preset: 'shelly_gen2', base_topic: 'l', channel: 1 }), { command: 'ON' }, 'k')).toMatchObject({
      topic: 'l/command/switch:1',
    });
  });

  test('gives way to what the config says itself', () => {
    const rendered = renderCommand(
      mqtt({ preset: 'tasmota', base_topic: 'l', payload: '{{command|lower}}', qos: 2, retain: true }),
      { command: 'ON' },
      'k',
    );
    expect(rendered).toMatchObject({ payload: 'on', qos: 2, retain: true });
  });

  test('of zigbee2mqtt adds the params to its payload', () => {
    const rendered = renderCommand(mqtt({ preset: 'zigbee2mqtt', base_topic: 'l' }), { command: 'ON', params: { brightness: 200 } }, 'k');
    expect(rendered).toMatchObject({ payload: '{"state":"ON","brightness":200}' });
  });
});

describe('A custom payload', () => {
  test('that is text is filled in, and what is absent is empty', () => {
    const config = mqtt({ command_topic: 't', payload: '{{command}}:{{params.level}}:{{level}}:{{none}}:{{__proto__}}' });
    expect(renderCommand(config, { command: 'DIM', params: { level: 7 } }, 'k')).toMatchObject({ payload: 'DIM:7:7::' });
  });

  test('that is an object keeps the types of values and carries the idempotency key', () => {
    const config = mqtt({ command_topic: 't', payload: { do: '{{command}}', level: '{{params.level}}' } });
    const rendered = renderCommand(config, { command: 'a"b', params: { level: 7 } }, 'key-1');
    expect(rendered.kind === 'mqtt' && JSON.parse(rendered.payload)).toEqual({ do: 'a"b', level: 7, idempotency_key: 'key-1' });
  });

  test('carries no idempotency key where the config says so', () => {
    const config = mqtt({ command_topic: 't', payload: { do: '{{command}}' }, idempotency_field: null });
    expect(renderCommand(config, { command: 'x' }, 'k')).toMatchObject({ payload: '{"do":"x"}' });
  });
});

describe('An HTTP device', () => {
  test('encodes what it fills into its URL', () => {
    const config = device({ kind: 'http', config: { url: 'http://10.0.0.2/relay?turn={{command|lower}}&n={{n}}', method: 'GET' } });
    expect(renderCommand(config, { command: 'ON', params: { n: 'a&b=c/..' } }, 'k')).toMatchObject({
      url: 'http://10.0.0.2/relay?turn=on&n=a%26b%3Dc%2F..',
      body: null,
    });
  });

  test('sends command and params as JSON where no body is given', () => {
    const rendered = renderCommand(
      device({ kind: 'http', config: { url: 'http://lamp.example/' } }),
      { command: 'ON', params: { a: [1] } },
      'k',
    );
    expect(rendered).toMatchObject({ method: 'POST', body: '{"command":"ON","params":{"a":[1]}}', timeout_ms: 5_000 });
  });

  test('has its header values as secrets', () => {
    const config = device({ kind: 'http', config: { url: 'http://lamp.example/', headers: { Authorization: 'Bearer x' } } });
    expect(mapDeviceSecrets(config, (secret) => secret.toUpperCase())).toMatchObject({
      config: { headers: { Authorization: 'BEARER X' } },
    });
  });
});

describe('A fault of a device config names its field', () => {
  test.each([
    ['a wildcard', { kind: 'mqtt', config: { command_topic: 'a/+/b' } }, 'config.command_topic'],
    ['a NUL', { kind: 'mqtt', config: { command_topic: 'a\u0000b' } }, 'config.command_topic'],
    ['a lone surrogate', { kind: 'mqtt', config: { command_topic: 'a\ud800' } }, 'config.command_topic'],
    ['a topic of the broker', { kind: 'mqtt', config: { command_topic: '$SYS/x' } }, 'config.command_topic'],
    ['a topic of 65,536 bytes', { kind: 'mqtt', config: { command_topic: 'é'.repeat(32_768) } }, 'config.command_topic'],
    ['no topic', { kind: 'mqtt', config: {} }, 'config.command_topic'],
    ['a preset without its base topic', { kind: 'mqtt', config: { preset: 'tasmota' } }, 'config.base_topic'],
    ['QoS 3', { kind: 'mqtt', config: { command_topic: 't', qos: 3 } }, 'config.qos'],
    [
      'a wildcard in the availability topic',
      { kind: 'mqtt', config: { command_topic: 't', availability_topic: '#' } },
      'config.availability_topic',
    ],
    [
      'a payload nested too deeply',
      { kind: 'mqtt', config: { command_topic: 't', payload: JSON.parse('['.repeat(50) + ']'.repeat(50)) } },
      'config.payload',
    ],
    ['a payload of 1 MB', { kind: 'mqtt', config: { command_topic: 't', payload: 'x'.repeat(1_000_000) } }, 'config.payload'],
    ['a __proto__ key', { kind: 'mqtt', config: { command_topic: 't', payload: JSON.parse('{"__proto__":{"a":1}}') } }, 'config.payload'],
    ['a URL of another protocol', { kind: 'http', config: { url: 'ftp://x/' } }, 'config.url'],
    ['a template in the host', { kind: 'http', config: { url: 'http://{{command}}.example/' } }, 'config.url'],
    ['a header with a line break', { kind: 'http', config: { url: 'http://x/', headers: { a: 'b\r\nc' } } }, 'config.headers.a'],
    ['a Host header', { kind: 'http', config: { url: 'http://x/', headers: { Host: 'b' } } }, 'config.headers.Host'],
    ['a time-out of a minute', { kind: 'http', config: { url: 'http://x/', timeout_ms: 60_000 } }, 'config.timeout_ms'],
    ['an unknown kind', { kind: 'zigbee', config: {} }, 'kind'],
  ])('%s', (_, input, field) => {
    expect(faults(input)).toEqual([field]);
  });

  test('and an unknown field is one', () => {
    expect(faults({ kind: 'mqtt', config: { command_topic: 't', topik: 'x' } })).toEqual(['config']);
  });
});

test('An availability message is read as plain text and as JSON', () => {
  const words = { payload_online: 'online', payload_offline: 'offline' };
  expect(
    ['online', '{"state":"online"}', 'offline', '{"state":"offline"}', '{"state":1}', '{', 'x'].map((said) =>
      readAvailability(words, said),
    ),
  ).toEqual([true, true, false, false, null, null, null]);
});
