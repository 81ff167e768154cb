import { z } from 'zod';
import { RETURN_TYPES } from '../aftersales/types.ts';
import { PRODUCT_STATUSES } from '../catalogue/types.ts';
import { ORDER_STATUSES } from '../orders/types.ts';
import { scopeSchema } from '../state/apps.ts';
import { SHOP_REGIONS } from '../state/shops.ts';
import { isEventType } from '../webhooks/event-types.ts';

const id = z.string().min(1).max(64);
const text = z.string().min(1).max(255);
const ms = z.number().int().min(0).max(315_360_000_000);
const units = z.number().int().min(0).max(999_999);

export const clockSchema = z
  .strictObject({ offset_ms: z.number().int().min(-9_999_999_999_999).max(9_999_999_999_999).optional(), advance_ms: ms.optional() })
  .refine(({ offset_ms, advance_ms }) => (offset_ms === undefined) !== (advance_ms === undefined), { path: ['offset_ms'], message: 'give either offset_ms or advance_ms' });

export const grantSchema = z.strictObject({ seller: text.optional(), app_key: text.optional() });
export const expireSchema = z.strictObject({ which: z.enum(['access', 'refresh', 'both']).default('access') });
export const revokeSchema = z.strictObject({ tell: z.boolean().default(true) });
export const scopesSchema = z.strictObject({ strip: z.array(scopeSchema).default([]), restore: z.boolean().default(false) });
export const expiringSchema = z.strictObject({ expires_in_s: z.number().int().min(0).max(315_360_000).default(30 * 86_400) });

export const newShopSchema = z.strictObject({
  name: text,
  region: z.enum(SHOP_REGIONS as [string, ...string[]]),
  seller: text,
  seller_type: z.enum(['LOCAL', 'CROSS_BORDER']).default('LOCAL'),
  cipher: text.optional(),
});
export const shopPatchSchema = z.strictObject({ active: z.boolean() });

export const newProductsSchema = z.strictObject({
  shop_id: id,
  count: z.number().int().min(1).max(10_000).default(1),
  title: text.optional(),
  status: z.enum(PRODUCT_STATUSES).default('ACTIVATE'),
  skus: z.number().int().min(1).max(50).default(1),
  warehouses: z.number().int().min(1).max(2).default(1),
  quantity: units.default(100),
  /** Minor units. */
  price: z.number().int().min(1).max(1_000_000_000).optional(),
  seller_sku: text.optional(),
  promoted: z.boolean().default(false),
  /** Sends webhook 16 for each. */
  tell: z.boolean().default(false),
});
export const productStatusSchema = z.strictObject({ status: z.enum(PRODUCT_STATUSES) });
export const auditSchema = z.strictObject({ result: z.enum(['APPROVED', 'FAILED']).default('APPROVED') });
export const stockSchema = z.strictObject({ quantity: units, warehouse_id: id.optional() });

const buyer = { buyer: text.optional(), buyer_message: z.string().max(1_000).optional(), shipping_type: z.enum(['TIKTOK', 'SELLER']).default('SELLER'), moves: z.boolean().default(true) };
export const newOrdersSchema = z.strictObject({
  shop_id: id,
  /** Default: one unit of the shop's first SKU that is there to be sold. */
  items: z.array(z.strictObject({ sku_id: id, quantity: z.number().int().min(1).max(100).default(1) })).min(1).max(50).optional(),
  count: z.number().int().min(1).max(20_000).default(1),
  status: z.enum(ORDER_STATUSES).default('UNPAID'),
  ...buyer,
  fulfillment_type: z.enum(['FULFILLMENT_BY_SELLER', 'FULFILLMENT_BY_TIKTOK']).default('FULFILLMENT_BY_SELLER'),
  /** They were placed evenly over so long before now. */
  over_ms: ms.default(0),
  /** Without webhooks. */
  quiet: z.boolean().default(false),
});
export const buySchema = z.strictObject({
  sku_id: id,
  buyers: z.number().int().min(1).max(10_000),
  /** Units each. */
  quantity: z.number().int().min(1).max(100).default(1),
  status: z.enum(ORDER_STATUSES).default('AWAITING_SHIPMENT'),
  ...buyer,
  /** They come at random within so long. */
  spread_ms: z.number().int().min(0).max(600_000).default(0),
  seed: z.number().int().min(0).max(4_294_967_295).default(1),
});

export const linesSchema = z.strictObject({
  /** Default: all. */
  line_ids: z.array(id).min(1).optional(),
  reason: text.default('buyer_changed_mind'),
  role: z.enum(['SELLER', 'BUYER', 'SYSTEM']).default('BUYER'),
  type: z.enum(RETURN_TYPES).default('RETURN_AND_REFUND'),
});
export const answerSchema = z.strictObject({ approved: z.boolean().default(true) });
export const sendWebhookSchema = z.strictObject({
  shop_id: id,
  type: z.union([z.number().int().min(0).max(1_000), z.string().refine(isEventType, 'is no event type')]),
  data: z.record(z.string(), z.json()).default({}),
});
