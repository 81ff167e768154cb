import { z } from '@hono/zod-openapi';
import type { DeviceConfig } from '../../domain/contracts/device.ts';
import { DEVICE_KINDS } from '../../domain/contracts/device.ts';
import type { Json } from '../../domain/contracts/rule.ts';
import { httpDeviceConfigSchema, mapDeviceSecrets, mqttDeviceConfigSchema } from '../../domain/devices.ts';
import type { DeviceRow } from '../../db/device.repository.ts';
import { SECRET_MASK } from '../device-secrets.ts';
import { id, timestamp } from './common.ts';

const EXAMPLE_CONFIG = { preset: 'tasmota', base_topic: 'lamp', qos: 1, retain: false };

const name = z.string().trim().min(1).max(100).openapi({ example: 'Lamp' });

export const deviceBody = z
  .discriminatedUnion('kind', [
    z.strictObject({ name, kind: z.literal('mqtt'), config: mqttDeviceConfigSchema }).openapi('MqttDeviceInput'),
    z.strictObject({ name, kind: z.literal('http'), config: httpDeviceConfigSchema }).openapi('HttpDeviceInput'),
  ])
  .openapi('DeviceInput', { example: { name: 'Lamp', kind: 'mqtt', config: EXAMPLE_CONFIG } });

export const deviceChange = z
  .strictObject({
    name: name.optional(),
    config: z
      .record(z.string(), z.unknown())
      .optional()
      .openapi({ description: 'The whole config, of the kind that the device has.', example: EXAMPLE_CONFIG }),
  })
  .refine((change) => Object.keys(change).length > 0, 'must name at least one field to change')
  .openapi('DeviceChange');

export const deviceSchema = z
  .object({
    id,
    name,
    kind: z.enum(DEVICE_KINDS).openapi({ example: 'mqtt' }),
    config: z
      .record(z.string(), z.unknown())
      .openapi({
        description: `Header values are secret: they show as ${SECRET_MASK}, and ${SECRET_MASK} sent back keeps them.`,
        example: EXAMPLE_CONFIG,
      }),
    is_online: z.boolean().nullable().openapi({ example: true, description: 'As its availability topic says; null: not known.' }),
    last_seen_at: timestamp.nullable(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .openapi('Device');

export const commandBody = z
  .strictObject({
    command: z.string().min(1).max(500).openapi({ example: 'ON' }),
    params: z
      .record(
        z.string(),
        z.custom<Json>((value) => value !== undefined),
      )
      .optional()
      .openapi({
        type: 'object',
        additionalProperties: true,
        description: 'Values for the payload template.',
        example: { brightness: 80 },
      }),
  })
  .openapi('DeviceCommand');

export const commandOutcome = z
  .object({
    outcome: z.literal('succeeded'),
    response: z
      .object({ status: z.int().optional().openapi({ example: 200 }), body: z.string().optional().openapi({ example: 'ok' }) })
      .nullable()
      .openapi({ description: 'What an HTTP device answered, shortened; null for MQTT.' }),
  })
  .openapi('DeviceCommandOutcome');

/** Asked for by a caller who wants a repeat to be told from a second command. */
export const idempotencyHeader = z.object({
  'Idempotency-Key': z
    .string()
    .regex(/^[\w.:-]{1,128}$/, 'must be 1 to 128 letters, digits or . _ : -')
    .optional()
    .openapi({ example: 'switch-on-42', description: 'A repeat under the same key sends nothing and gets the first one’s outcome.' }),
});

export const toDevice = (row: DeviceRow): z.infer<typeof deviceSchema> => {
  const { kind, config } = mapDeviceSecrets<DeviceConfig>({ kind: row.kind, config: row.config } as DeviceConfig, () => SECRET_MASK);
  return {
    id: row.id,
    name: row.name,
    kind,
    config: { ...config },
    is_online: row.is_online,
    last_seen_at: row.last_seen_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
};
