import { z } from '@hono/zod-openapi';
import type { ShipmentRow } from '../../db/shipment.repository.ts';
import type { HandoverSlots, ShopPackage } from '../../domain/contracts/shop-api.ts';
import { SHIPMENT_STATES, type ShipRequest } from '../../domain/contracts/shop-order.ts';
import { EXAMPLE_ID, EXAMPLE_TIME } from './common.ts';
import { iso, isoOrNull } from './query.ts';

const EXAMPLE_ORDER = '576653688135258178';
export const EXAMPLE_PACKAGE = '1152321127278713123';
const EXAMPLE_ITEM = '577086512123755123';
const EXAMPLE_PROVIDER = '7117858858072016645';
const EXAMPLE_TRACKING = 'AB123456789GB';

/** TikTok's ids are numbers of 64 bits, and so strings. */
export const tiktokId = (example: string) => z.string().regex(/^[0-9]{1,25}$/, 'must be an id of TikTok’s: digits only, as a string').openapi({ example });
const trackingNumber = z
  .string()
  .trim()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._/-]{0,99}$/u, 'must be 1 to 100 letters, digits, spaces or . _ / -')
  .openapi({ example: EXAMPLE_TRACKING, description: 'Of the parcel, by its carrier.' });
export const channelUid = z.uuid().openapi({ example: EXAMPLE_ID, description: 'The channel: one TikTok shop.' });
const tracking = { tracking_number: trackingNumber, shipping_provider_id: tiktokId(EXAMPLE_PROVIDER).openapi({ description: 'One of GET /shipping/providers.' }) };
const moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

export const markShippedBody = z
  .strictObject({
    channel_uid: channelUid,
    order_id: tiktokId(EXAMPLE_ORDER),
    ...tracking,
    order_line_item_ids: z
      .array(tiktokId(EXAMPLE_ITEM))
      .min(1)
      .max(500)
      .optional()
      .openapi({ description: 'What is in this parcel, where the order goes in several; absent: the whole order.' }),
  })
  .openapi('MarkShipped');

export const updateTrackingBody = z
  .strictObject({ channel_uid: channelUid, order_id: tiktokId(EXAMPLE_ORDER).optional(), package_id: tiktokId(EXAMPLE_PACKAGE).optional(), ...tracking })
  .refine(({ order_id, package_id }) => order_id !== undefined || package_id !== undefined, { path: ['order_id'], message: 'is needed, or package_id' })
  .openapi('UpdateTracking');

export const shipBody = z
  .strictObject({
    channel_uid: channelUid,
    order_id: tiktokId(EXAMPLE_ORDER).optional().openapi({ description: 'Of the package; found out where it is absent.' }),
    package_id: tiktokId(EXAMPLE_PACKAGE),
    handover_method: z.enum(['PICKUP', 'DROP_OFF']).optional().openapi({ example: 'DROP_OFF' }),
    pickup_slot: z
      .strictObject({ start_time: moment.openapi({ type: 'string', example: '2026-11-22T09:00:00Z' }), end_time: moment.openapi({ type: 'string', example: '2026-11-22T12:00:00Z' }) })
      .refine(({ start_time, end_time }) => end_time > start_time, { path: ['end_time'], message: 'must be after start_time' })
      .optional()
      .openapi({ description: 'One of GET /shipping/package/{package_id}/handover-slots.' }),
    self_shipment: z.strictObject(tracking).optional().openapi({ description: 'The seller’s own carrier, in the markets that ship so.' }),
  })
  .refine(({ self_shipment, handover_method, pickup_slot }) => self_shipment === undefined || (handover_method === undefined && pickup_slot === undefined), {
    path: ['self_shipment'],
    message: 'goes without handover_method and pickup_slot: those are of TikTok’s carrier',
  })
  .refine(({ handover_method, pickup_slot }) => pickup_slot === undefined || handover_method !== 'DROP_OFF', { path: ['pickup_slot'], message: 'is of PICKUP' })
  .openapi('ShipPackage');

export const shippedSchema = z
  .object({
    ok: z.literal(true),
    shipment_id: z.uuid().openapi({ example: EXAMPLE_ID }),
    package_id: z.string().nullable().openapi({ example: EXAMPLE_PACKAGE }),
    order_status: z.string().openapi({ example: 'AWAITING_COLLECTION', description: 'As TikTok says it now.' }),
    warning: z.string().nullable().openapi({ example: null, description: 'What TikTok says beside its yes.' }),
  })
  .openapi('Shipped');

export const providerSchema = z.object({ id: z.string().openapi({ example: EXAMPLE_PROVIDER }), name: z.string().openapi({ example: 'Royal Mail' }) }).openapi('ShippingProvider');

const packageFields = z.object({
  id: z.string().openapi({ example: EXAMPLE_PACKAGE }),
  status: z.string().nullable().openapi({ example: 'PROCESSING', description: 'PROCESSING, FULFILLING, COMPLETED, CANCELLED; null before a shipment is arranged.' }),
  order_ids: z.array(z.string()).openapi({ example: [EXAMPLE_ORDER] }),
  order_line_item_ids: z.array(z.string()).openapi({ example: [EXAMPLE_ITEM] }),
  shipping_type: z.string().nullable().openapi({ example: 'TIKTOK', description: 'TIKTOK or SELLER.' }),
  shipping_provider_id: z.string().nullable().openapi({ example: EXAMPLE_PROVIDER }),
  shipping_provider_name: z.string().nullable().openapi({ example: 'Royal Mail' }),
  tracking_number: z.string().nullable().openapi({ example: EXAMPLE_TRACKING }),
  delivery_option_id: z.string().nullable().openapi({ example: '7091146663229654785' }),
  handover_method: z.string().nullable().openapi({ example: 'DROP_OFF' }),
  split_and_combine: z.string().nullable().openapi({ example: 'DEFAULT', description: 'DEFAULT, COMBINE, SPLIT.' }),
  created_at: z.string().nullable().openapi({ example: EXAMPLE_TIME }),
  updated_at: z.string().nullable().openapi({ example: EXAMPLE_TIME }),
});

const requestSchema = z
  .object({ kind: z.enum(['mark_shipped', 'ship', 'update']) })
  .loose()
  .openapi({ example: { kind: 'mark_shipped', tracking_number: EXAMPLE_TRACKING, shipping_provider_id: EXAMPLE_PROVIDER, order_line_item_ids: null } });

export const shipmentSchema = z
  .object({
    id: z.uuid().openapi({ example: EXAMPLE_ID }),
    channel_uid: z.uuid().openapi({ example: EXAMPLE_ID }),
    order_id: z.string().nullable().openapi({ example: EXAMPLE_ORDER }),
    package_id: z.string().nullable().openapi({ example: EXAMPLE_PACKAGE }),
    state: z.enum(SHIPMENT_STATES).openapi({ example: 'done', description: 'unconfirmed: TikTok never said; asked for again it is found out.' }),
    request: requestSchema,
    order_status: z.string().nullable().openapi({ example: 'AWAITING_COLLECTION', description: 'When it was answered.' }),
    warning: z.string().nullable().openapi({ example: null }),
    code: z.string().nullable().openapi({ example: null, description: 'A code of docs/errors.md.' }),
    reason: z.string().nullable().openapi({ example: null, description: 'TikTok’s own, where it refused.' }),
    requested_by: z.uuid().nullable().openapi({ example: EXAMPLE_ID }),
    created_at: z.string().openapi({ example: EXAMPLE_TIME }),
    sent_at: z.string().nullable().openapi({ example: EXAMPLE_TIME }),
    finished_at: z.string().nullable().openapi({ example: EXAMPLE_TIME }),
  })
  .openapi('Shipment');

export const packageSchema = packageFields
  .extend({
    known: z
      .object({ status: z.string().nullable(), tracking_number: z.string().nullable(), updated_at: z.string() })
      .nullable()
      .openapi({ example: { status: 'PROCESSING', tracking_number: EXAMPLE_TRACKING, updated_at: EXAMPLE_TIME }, description: 'Our copy; null: not seen yet.' }),
    shipments: z.array(shipmentSchema).openapi({ description: 'What was asked of this package here, the newest 20.' }),
  })
  .openapi('ShopPackage');

export const slotsSchema = z
  .object({
    can_pickup: z.boolean().openapi({ example: true }),
    can_drop_off: z.boolean().openapi({ example: true }),
    drop_off_point_url: z.string().nullable().openapi({ example: null }),
    pickup_slots: z
      .array(z.object({ start_time: z.string(), end_time: z.string(), available: z.boolean() }))
      .openapi({ example: [{ start_time: '2026-11-22T09:00:00.000Z', end_time: '2026-11-22T12:00:00.000Z', available: true }] }),
  })
  .openapi('HandoverSlots');

const isoOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

export function toPackageView({ orders, create_time_ms, update_time_ms, ...parcel }: ShopPackage): z.infer<typeof packageFields> {
  return { ...parcel, order_ids: orders.map(({ id }) => id), created_at: isoOf(create_time_ms), updated_at: isoOf(update_time_ms) };
}

export const toSlotsView = ({ pickup_slots, ...slots }: HandoverSlots): z.infer<typeof slotsSchema> => ({
  ...slots,
  pickup_slots: pickup_slots.map(({ start_ms, end_ms, available }) => ({ start_time: new Date(start_ms).toISOString(), end_time: new Date(end_ms).toISOString(), available })),
});

export function toShipmentView(row: ShipmentRow): z.infer<typeof shipmentSchema> {
  const { answer } = row;
  return {
    id: row.id,
    channel_uid: row.channel_id,
    order_id: row.order_id,
    package_id: row.package_id ?? (answer?.ok ? answer.package_id : null),
    state: row.state,
    request: row.request,
    order_status: answer?.order_status ?? null,
    warning: answer?.ok ? answer.warning : null,
    code: answer && !answer.ok ? answer.code : null,
    reason: answer && !answer.ok ? answer.reason : null,
    requested_by: row.requested_by,
    created_at: iso(row.created_at),
    sent_at: isoOrNull(row.sent_at),
    finished_at: isoOrNull(row.finished_at),
  };
}

export const toShipRequest = ({ package_id, handover_method, pickup_slot, self_shipment }: z.infer<typeof shipBody>): ShipRequest => ({
  kind: 'ship',
  package_id,
  handover_method: handover_method ?? null,
  pickup_slot: pickup_slot ? { start_ms: pickup_slot.start_time, end_ms: pickup_slot.end_time } : null,
  self_shipment: self_shipment ?? null,
});
