import { z } from '@hono/zod-openapi';
import type { ShopDelivery } from '../../db/shop-webhook.repository.ts';
import { SHOP_WEBHOOK_KINDS, SHOP_WEBHOOK_STATES } from '../../domain/contracts/shop-webhook.ts';
import { EXAMPLE_ID, timestamp } from './common.ts';
import { iso, isoOrNull } from './query.ts';

export const EXAMPLE_NOTIFICATION = '7380066284010030890';

export const shopDeliverySchema = z
  .object({
    id: z.string().openapi({ example: EXAMPLE_NOTIFICATION, description: 'TikTok’s notification id; the SHA-256 of the body where TikTok gave none.' }),
    type: z.int().openapi({ example: 1, description: 'TikTok’s number of the kind.' }),
    kind: z.enum(SHOP_WEBHOOK_KINDS).openapi({ example: 'order_status', description: 'unknown: a type that nothing here is concerned by, or whose data is not as documented.' }),
    channel_uid: z.string().nullable().openapi({ example: EXAMPLE_ID }),
    shop_id: z.string().nullable().openapi({ example: '7495540735365777507' }),
    subject: z.string().nullable().openapi({ example: '576653688135258178', description: 'The order, product or package that it is about.' }),
    state: z.enum(SHOP_WEBHOOK_STATES).openapi({
      example: 'processed',
      description: 'received: waits for its turn, or for its channel to be resumed; ignored: nothing here is concerned; failed: given up.',
    }),
    outcome: z.string().nullable().openapi({ example: 'order 576653688135258178 was told', description: 'What came of it, or why not.' }),
    attempts: z.int().openapi({ example: 1 }),
    times_received: z.int().openapi({ example: 1, description: 'How often TikTok sent it.' }),
    replays: z.int().openapi({ example: 0, description: 'How often people had it processed again.' }),
    sent_at: timestamp.openapi({ description: 'TikTok’s time.' }),
    received_at: timestamp,
    processed_at: timestamp.nullable(),
  })
  .openapi('ShopWebhookDelivery');

export const shopDeliveryDetailSchema = shopDeliverySchema
  .extend({ body: z.string().openapi({ example: '{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507","timestamp":1718305585,"data":{}}', description: 'As it came.' }) })
  .openapi('ShopWebhookDeliveryDetail');

export const toShopDeliveryView = (row: ShopDelivery): z.infer<typeof shopDeliverySchema> => ({
  id: row.id,
  type: row.type,
  kind: row.kind,
  channel_uid: row.channel_id,
  shop_id: row.shop_id,
  subject: row.subject,
  state: row.state,
  outcome: row.outcome,
  attempts: row.attempts,
  times_received: row.times_received,
  replays: row.replays,
  sent_at: iso(row.sent_at),
  received_at: iso(row.received_at),
  processed_at: isoOrNull(row.processed_at),
});
