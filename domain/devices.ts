import { z } from 'zod';
import type { DeviceCommand, DeviceConfig, HttpDeviceConfig, RenderedCommand } from './contracts/device.ts';
import { DEVICE_PRESETS } from './contracts/device.ts';
import type { Json } from './contracts/rule.ts';
import { mqttSettings } from './device-presets.ts';
import { fillJson, fillText, fillUrl } from './device-templates.ts';
import { topicFault } from './mqtt-topics.ts';

const MAX_TEMPLATE_CHARS = 16_384;
const MAX_TEMPLATE_DEPTH = 10;

const topic = z.string().superRefine((value, context) => {
  const fault = topicFault(value);
  if (fault) context.addIssue({ code: 'custom', message: fault });
});

const jsonTemplate = z
  .unknown()
  .refine(
    (value) => isPlainJson(value, MAX_TEMPLATE_DEPTH) && JSON.stringify(value).length <= MAX_TEMPLATE_CHARS,
    `must be text or JSON of at most ${MAX_TEMPLATE_CHARS.toLocaleString('en')} characters and ${MAX_TEMPLATE_DEPTH} levels`,
  )
  .transform((value) => value as Json);

/** Faults are named by field. What is absent comes from the preset. */
export const mqttDeviceConfigSchema = z
  .strictObject({
    preset: z.enum(DEVICE_PRESETS).default('custom'),
    base_topic: topic.refine((value) => value.length <= 1_000, 'must not be longer than 1,000 characters').optional(),
    channel: z.int().min(0).max(32).optional(),
    command_topic: topic.optional(),
    qos: z.union([z.literal(0), z.literal(1), z.literal(2)]).default(1),
    retain: z.boolean().default(false),
    payload: jsonTemplate.optional(),
    merge_params: z.boolean().optional(),
    idempotency_field: z.string().min(1).max(100).nullable().optional(),
    availability_topic: topic.optional(),
    payload_online: z.string().max(200).optional(),
    payload_offline: z.string().max(200).optional(),
    state_topic: topic.optional(),
  })
  .superRefine((config, context) => {
    const needed = config.preset === 'custom' ? 'command_topic' : 'base_topic';
    if (config[needed] === undefined) {
      context.addIssue({ code: 'custom', path: [needed], message: `is needed for the preset ${config.preset}` });
    }
  });

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// Set by the connection itself: a caller's value would desynchronise it or send it elsewhere.
const RESERVED_HEADERS = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'expect',
  'te',
  'trailer',
  'keep-alive',
]);

/** Header names and values that HTTP takes, at most 50; shared with webhooks. */
export const headersSchema = z
  .record(
    z.string().max(200).regex(HEADER_NAME, 'is not a header name'),
    z
      .string()
      .max(8_192)
      .regex(/^[^\r\n\0]*$/, 'must not contain line breaks or NUL'),
  )
  .superRefine((headers, context) => {
    if (Object.keys(headers).length > 50) context.addIssue({ code: 'custom', message: 'must not be more than 50' });
    for (const name of Object.keys(headers)) {
      if (RESERVED_HEADERS.has(name.toLowerCase()))
        context.addIssue({ code: 'custom', path: [name], message: 'is set by the connection itself' });
    }
  });

const urlTemplate = z
  .string()
  .max(2_048)
  .superRefine((value, context) => {
    const fault = urlTemplateFault(value);
    if (fault) context.addIssue({ code: 'custom', message: fault });
  });

export const httpDeviceConfigSchema = z.strictObject({
  url: urlTemplate,
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).default('POST'),
  headers: headersSchema.default({}),
  body: jsonTemplate.optional().transform((body): Json => (body === undefined ? { command: '{{command}}', params: '{{params}}' } : body)),
  timeout_ms: z.int().min(100).max(30_000).default(5_000),
});

/** `{ kind, config }` of a device as the API takes it. */
export const deviceConfigSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('mqtt'), config: mqttDeviceConfigSchema }),
  z.object({ kind: z.literal('http'), config: httpDeviceConfigSchema }),
]);

/** What is sent for a command. The idempotency key goes into an MQTT payload only where the device allows for it; on HTTP it is a header. */
export function renderCommand(device: DeviceConfig, command: DeviceCommand, idempotencyKey: string): RenderedCommand {
  if (device.kind === 'http') return renderHttp(device.config, command);
  const settings = mqttSettings(device.config);
  let payload = typeof settings.payload === 'string' ? fillText(settings.payload, command) : fillJson(settings.payload, command);
  if (payload !== null && typeof payload === 'object' && !Array.isArray(payload)) {
    if (settings.merge_params) payload = { ...payload, ...command.params };
    if (settings.idempotency_field) payload = { ...payload, [settings.idempotency_field]: idempotencyKey };
  }
  return {
    kind: 'mqtt',
    topic: settings.command_topic,
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    qos: settings.qos,
    retain: settings.retain,
  };
}

function renderHttp(config: HttpDeviceConfig, command: DeviceCommand): RenderedCommand {
  const bodyless = config.method === 'GET' || config.body === null;
  return {
    kind: 'http',
    url: fillUrl(config.url, command),
    method: config.method,
    headers: config.headers,
    body: bodyless
      ? null
      : typeof config.body === 'string'
        ? fillText(config.body, command)
        : JSON.stringify(fillJson(config.body, command)),
    timeout_ms: config.timeout_ms,
  };
}

/** Applies `change` (encrypt, decrypt, redact) to what is secret in a device's config: the header values of an HTTP device. */
export function mapDeviceSecrets<T extends DeviceConfig>(device: T, change: (secret: string) => string): T {
  if (device.kind === 'mqtt') return device;
  const headers = Object.fromEntries(Object.entries(device.config.headers).map(([name, value]) => [name, change(value)]));
  return { ...device, config: { ...device.config, headers } };
}

function urlTemplateFault(value: string): string | null {
  const origin = /^[a-z]+:\/\/[^/?#]*/i.exec(value)?.[0];
  if (!origin || !/^https?:/i.test(origin)) return 'must be a URL starting with http:// or https://';
  if (origin.includes('{{')) return 'must not have a template in its host';
  if (!URL.canParse(value.replace(/\{\{.*?\}\}/g, 'x'))) return 'is not a valid URL';
  return null;
}

function isPlainJson(value: unknown, depth: number): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isPlainJson(item, depth - 1));
  return Object.entries(value).every(([key, item]) => key !== '__proto__' && isPlainJson(item, depth - 1));
}
