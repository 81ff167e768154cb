import { z } from 'zod';
import type { ShopWebhook, ShopWebhookBase, ShopWebhookParse } from '../contracts/shop-webhook.ts';
import { parseLossless } from '../publishing/lossless-json.ts';

/** An id that JSON carries as string or number: the sample of product_status has a bare number. */
const id = z.union([z.string().min(1).max(64), z.number().int().nonnegative()]).transform(String);
const text = z
  .string()
  .nullish()
  .transform((value) => value || null);
const word = z.string().min(1).max(200);
/** Seconds, as a number or its digits; 0 means none. */
const seconds = z
  .union([z.number(), z.string().regex(/^\d{1,12}$/)])
  .nullish()
  .transform((value) => (value ? Number(value) * 1_000 : null))
  .transform((value) => value || null);
const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);

const envelopeSchema = z.object({
  type: z.number().int().nonnegative(),
  tts_notification_id: id.nullish().transform((value) => value ?? null),
  shop_id: z
    .union([id, z.literal('')])
    .nullish()
    .transform((value) => value || null),
  timestamp: z.number().int().positive(),
  data: z.unknown(),
});

/** TikTok spells two words in webhooks otherwise than in its API. */
const orderStatus = word.transform((status) => (status === 'CANCEL' ? 'CANCELLED' : status));
const cancelStatus = word.transform((status) => (status === 'CANCELLATION_REQUEST_CANCELLED' ? 'CANCELLATION_REQUEST_CANCEL' : status));

const updated = { update_time: seconds };
const product = { product_id: id, ...updated };

/** By TikTok's number of the kind: https://partner.tiktokshop.com/docv2/page/tts-webhooks-overview. */
const KINDS = new Map([
  kind(1, { order_id: id, order_status: orderStatus, is_on_hold_order: z.boolean().nullish(), ...updated }, ({ order_status, is_on_hold_order, update_time, order_id }) => ({
    kind: 'order_status',
    order_id,
    status: order_status,
    is_on_hold: is_on_hold_order ?? false,
    update_time_ms: update_time,
  })),
  kind(3, { order_id: id, ...updated }, ({ order_id, update_time }) => ({ kind: 'recipient_address', order_id, update_time_ms: update_time })),
  kind(4, { sc_type: word, role_type: text, package_list: list(z.object({ package_id: id, order_id_list: list(id) })), ...updated }, (data) => ({
    kind: 'package',
    change: data.sc_type,
    role: data.role_type,
    packages: data.package_list.map(({ package_id, order_id_list }) => ({ package_id, order_ids: order_id_list })),
    update_time_ms: data.update_time,
  })),
  kind(5, { ...product, status: word, suspended_reason: text }, ({ update_time, ...data }) => ({ kind: 'product_status', ...data, update_time_ms: update_time })),
  kind(6, { message: text }, ({ message }) => ({ kind: 'deauthorized', message })),
  kind(7, { message: text, expiration_time: seconds }, ({ message, expiration_time }) => ({ kind: 'authorization_expiring', message, expires_at_ms: expiration_time })),
  kind(11, { order_id: id, cancel_id: id, cancellations_role: text, cancel_status: cancelStatus, create_time: seconds }, (data) => ({
    kind: 'cancellation',
    order_id: data.order_id,
    cancel_id: data.cancel_id,
    role: data.cancellations_role,
    status: data.cancel_status,
    create_time_ms: data.create_time,
  })),
  kind(12, { order_id: id, return_id: id, return_role: text, return_type: text, return_status: word, ...updated }, (data) => ({
    kind: 'return',
    order_id: data.order_id,
    return_id: data.return_id,
    role: data.return_role,
    return_type: data.return_type,
    status: data.return_status,
    update_time_ms: data.update_time,
  })),
  kind(15, { ...product, changed_fields: list(word) }, ({ update_time, ...data }) => ({ kind: 'product_changed', ...data, update_time_ms: update_time })),
  kind(16, product, ({ product_id, update_time }) => ({ kind: 'product_created', product_id, update_time_ms: update_time })),
  kind(27, { ...product, sku_id: id, trigger_reason: text, current_inventory_status: text }, (data) => ({
    kind: 'inventory_status',
    product_id: data.product_id,
    sku_id: data.sku_id,
    status: data.current_inventory_status,
    trigger: data.trigger_reason,
    update_time_ms: data.update_time,
  })),
  kind(36, { package_id: id.nullish(), order_ids: list(id), invoice_status: text }, ({ package_id, order_ids, invoice_status }) => ({
    kind: 'invoice',
    package_id: package_id ?? null,
    order_ids,
    status: invoice_status,
  })),
  kind(37, { ...product, audit: z.object({ status: text }).nullish() }, ({ product_id, audit, update_time }) => ({
    kind: 'product_audit',
    product_id,
    status: audit?.status ?? null,
    update_time_ms: update_time,
  })),
]);

type Details = ShopWebhook extends infer Each ? (Each extends ShopWebhookBase ? Omit<Each, keyof ShopWebhookBase> : never) : never;

function kind<S extends z.ZodRawShape>(type: number, shape: S, read: (data: z.output<z.ZodObject<S>>) => Details): [number, (data: unknown) => Details] {
  const schema = z.object(shape);
  return [type, (data) => read(schema.parse(data))];
}

/**
 * A webhook's body. A kind that came later than our list, or whose data is not as documented, is kept as `unknown`: only what lacks the
 * envelope itself is no webhook.
 */
export function parseShopWebhook(rawBody: string): ShopWebhookParse {
  try {
    const { tts_notification_id, timestamp, shop_id, type, data } = envelopeSchema.parse(parseLossless(rawBody));
    const base: ShopWebhookBase = { type, notification_id: tts_notification_id, shop_id, timestamp_ms: timestamp * 1_000 };
    return { ok: true, webhook: { ...base, ...readDetails(type, data) } as ShopWebhook };
  } catch (error) {
    if (error instanceof z.ZodError) return { ok: false, reason: faultsOf(error) };
    if (error instanceof SyntaxError) return { ok: false, reason: `not JSON: ${error.message}` };
    throw error;
  }
}

function readDetails(type: number, data: unknown): Details {
  try {
    return KINDS.get(type)?.(data) ?? { kind: 'unknown', data, fault: null };
  } catch (error) {
    if (error instanceof z.ZodError) return { kind: 'unknown', data, fault: faultsOf(error) };
    throw error;
  }
}

const faultsOf = (error: z.ZodError): string => error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; ').slice(0, 500);
