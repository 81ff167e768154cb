import { z } from '@hono/zod-openapi';
import type { AfterSaleRow, PackageRow } from '../../db/order-parts.repository.ts';
import type { TimelineRow } from '../../db/order-list.repository.ts';
import type { OrderRow } from '../../db/order.repository.ts';
import type { ReservationRow } from '../../db/reservation.repository.ts';
import type { ShopOrder } from '../../domain/contracts/shop-api.ts';
import { ORDER_SOURCES, ORDER_TIMELINE_KINDS, RESERVATION_STATES } from '../../domain/contracts/shop-order.ts';
import { shipByOf } from '../../domain/shop/order-news.ts';
import { channelUid } from './channel.ts';
import { timestamp } from './common.ts';
import { iso, isoOrNull } from './query.ts';

export const EXAMPLE_ORDER_ID = '576461413038785752';
const EXAMPLE_ITEM_ID = '577086512123755123';
const EXAMPLE_PACKAGE_ID = '1152321127278713123';
const EXAMPLE_SKU_ID = '1729592969712207013';

const orderId = z.string().openapi({ example: EXAMPLE_ORDER_ID, description: 'TikTok’s.' });
const status = z.string().openapi({ example: 'AWAITING_SHIPMENT', description: 'In TikTok’s words: UNPAID, ON_HOLD, AWAITING_SHIPMENT, PARTIALLY_SHIPPING, AWAITING_COLLECTION, IN_TRANSIT, DELIVERED, COMPLETED, CANCELLED.' });
const money = z.object({ amount: z.number().int(), currency: z.string() }).openapi({ example: { amount: 1500, currency: 'GBP' }, description: 'Minor units of the currency.' });
const text = (example: string | null, description?: string) => z.string().nullable().openapi({ example, ...(description === undefined ? {} : { description }) });

const lineItem = z.object({
  id: z.string().openapi({ example: EXAMPLE_ITEM_ID }),
  product_id: z.string().openapi({ example: '1729592969712207012' }),
  product_name: z.string().openapi({ example: 'Lamp Aurora' }),
  sku_id: z.string().openapi({ example: EXAMPLE_SKU_ID }),
  sku_name: text('Red'),
  seller_sku: text('LAMP-RED'),
  status: text('AWAITING_SHIPMENT', 'The unit’s own.'),
  sale_price: money.nullable(),
  package_id: text(EXAMPLE_PACKAGE_ID),
  package_status: text('TO_FULFILL'),
  tracking_number: text(null),
  cancel_reason: text(null),
});

export const orderSchema = z
  .object({
    order_id: orderId,
    channel_uid: channelUid,
    status,
    is_on_hold: z.boolean().openapi({ example: false, description: 'TikTok still holds it back: the buyer may change it.' }),
    is_short: z.boolean().nullable().openapi({ example: false, description: 'Units are sold that are not there; null: asked of TikTok, which does not know.' }),
    create_time: timestamp,
    update_time: timestamp,
    paid_time: timestamp.nullable(),
    ship_by: timestamp.nullable(),
    total: money.nullable(),
    buyer_nickname: text('anna_k'),
    buyer_message: text('Please ring twice'),
    shipping_type: text('SELLER', 'SELLER or TIKTOK.'),
    fulfillment_type: text('FULFILLMENT_BY_SELLER'),
    delivery_option_id: text('7091146663229654785'),
    tracking_number: text(null),
    package_ids: z.array(z.string()).openapi({ example: [EXAMPLE_PACKAGE_ID] }),
    line_items: z.array(lineItem).openapi({ description: 'One for each unit.' }),
    first_source: z.enum(ORDER_SOURCES).nullable().openapi({ example: 'webhook', description: 'How we came to know of it; null: asked of TikTok.' }),
    updated_at: timestamp.nullable().openapi({ description: 'When our copy changed; null: asked of TikTok.' }),
  })
  .openapi('ShopOrder');

const recipient = z
  .object({
    name: z.string().nullable(),
    phone_number: z.string().nullable(),
    full_address: z.string().nullable(),
    address_lines: z.array(z.string()),
    postal_code: z.string().nullable(),
    post_town: z.string().nullable(),
    region_code: z.string().nullable(),
    districts: z.array(z.object({ level: z.string().nullable(), level_name: z.string().nullable(), name: z.string() })),
  })
  .nullable()
  .openapi({
    example: { name: 'Anna K.', phone_number: '(+44)7***12', full_address: '1 High Street, Leeds', address_lines: ['1 High Street'], postal_code: 'LS1 4AP', post_town: 'Leeds', region_code: 'GB', districts: [] },
    description: 'Empty or masked for as long as TikTok keeps the buyer to itself.',
  });

export const orderDetailSchema = orderSchema
  .extend({
    recipient,
    packages: z
      .array(z.object({ package_id: z.string(), order_ids: z.array(z.string()), line_item_ids: z.array(z.string()), status: z.string().nullable(), tracking_number: z.string().nullable(), shipping_provider_name: z.string().nullable(), updated_at: z.string() }))
      .openapi({ example: [{ package_id: EXAMPLE_PACKAGE_ID, order_ids: [EXAMPLE_ORDER_ID], line_item_ids: [EXAMPLE_ITEM_ID], status: 'PROCESSING', tracking_number: 'AB123456789GB', shipping_provider_name: 'Royal Mail', updated_at: '2026-03-14T18:03:22.512Z' }] }),
    after_sales: z
      .array(z.object({ kind: z.enum(['cancellation', 'return']), id: z.string(), status: z.string(), line_item_ids: z.array(z.string()), answer_due: z.string().nullable(), updated_at: z.string() }))
      .openapi({ example: [{ kind: 'cancellation', id: '4035318504086604241', status: 'CANCELLATION_REQUEST_PENDING', line_item_ids: [EXAMPLE_ITEM_ID], answer_due: '2026-03-16T18:03:22.512Z', updated_at: '2026-03-14T18:03:22.512Z' }], description: 'Cancellations and returns.' }),
    reservations: z
      .array(z.object({ line_item_id: z.string(), sku_id: z.string(), state: z.enum(RESERVATION_STATES), is_short: z.boolean(), end_reason: z.string().nullable() }))
      .openapi({ example: [{ line_item_id: EXAMPLE_ITEM_ID, sku_id: EXAMPLE_SKU_ID, state: 'held', is_short: false, end_reason: null }], description: 'Its units in our stock.' }),
  })
  .openapi('ShopOrderDetail');

export const timelineEntrySchema = z
  .object({ id: z.number().int().openapi({ example: 4711 }), at: timestamp, kind: z.enum(ORDER_TIMELINE_KINDS).openapi({ example: 'status' }), source: z.enum(ORDER_SOURCES).nullable().openapi({ example: 'webhook' }), detail: text('ON_HOLD → AWAITING_SHIPMENT') })
  .openapi('OrderTimelineEntry');

type OrderView = z.infer<typeof orderSchema>;
const isoOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** An order as TikTok shows it now. */
export const toTikTokOrder = (channelId: string, order: ShopOrder): OrderView => ({
  order_id: order.id,
  channel_uid: channelId,
  status: order.status,
  is_on_hold: order.is_on_hold || order.status === 'ON_HOLD',
  is_short: null,
  create_time: new Date(order.create_time_ms).toISOString(),
  update_time: new Date(order.update_time_ms).toISOString(),
  paid_time: isoOf(order.paid_time_ms),
  ship_by: isoOf(shipByOf(order)),
  total: order.payment?.total ?? null,
  buyer_nickname: order.buyer_nickname,
  buyer_message: order.buyer_message,
  shipping_type: order.shipping_type,
  fulfillment_type: order.fulfillment_type,
  delivery_option_id: order.delivery_option_id,
  tracking_number: order.tracking_number,
  package_ids: order.package_ids,
  line_items: order.line_items.map(({ id, product_id, product_name, sku_id, sku_name, seller_sku, status: own, sale_price, package_id, package_status, tracking_number, cancel_reason }) => ({
    id,
    product_id,
    product_name,
    sku_id,
    sku_name,
    seller_sku,
    status: own,
    sale_price,
    package_id,
    package_status,
    tracking_number,
    cancel_reason,
  })),
  first_source: null,
  updated_at: null,
});

/** Our copy. */
export const toOrder = (row: OrderRow): OrderView => ({
  ...toTikTokOrder(row.channel_id, row.data),
  status: row.status,
  is_on_hold: row.is_on_hold,
  is_short: row.is_short,
  first_source: row.first_source,
  updated_at: iso(row.updated_at),
});

export interface OrderPartRows {
  packages: readonly PackageRow[];
  afterSales: readonly AfterSaleRow[];
  reservations: readonly ReservationRow[];
}

export const toOrderDetail = (order: OrderView, { recipient: to }: ShopOrder, parts: OrderPartRows): z.infer<typeof orderDetailSchema> => ({
  ...order,
  recipient: to,
  packages: parts.packages.map(({ package_id, order_ids, line_item_ids, status: own, tracking_number, shipping_provider_name, updated_at }) => ({
    package_id,
    order_ids,
    line_item_ids,
    status: own,
    tracking_number,
    shipping_provider_name,
    updated_at: iso(updated_at),
  })),
  after_sales: parts.afterSales.map(({ kind, after_sale_id, status: own, line_item_ids, answer_due, updated_at }) => ({ kind, id: after_sale_id, status: own, line_item_ids, answer_due: isoOrNull(answer_due), updated_at: iso(updated_at) })),
  reservations: parts.reservations.map(({ line_item_id, sku_id, state, is_short, end_reason }) => ({ line_item_id, sku_id, state, is_short, end_reason })),
});

export const toOrderTimelineEntry = ({ id, at, kind, source, detail }: TimelineRow): z.infer<typeof timelineEntrySchema> => ({ id, at: iso(at), kind, source, detail });
