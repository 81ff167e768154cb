import { z } from '@hono/zod-openapi';
import type { InventoryRequestRow } from '../../db/inventory-request.repository.ts';
import { INVENTORY_REQUEST_STATES, INVENTORY_SOURCES, STOCK_BASES, STOCK_LIMITS } from '../../domain/contracts/shop-job.ts';
import { ERRORS, type ErrorCode } from '../../domain/errors.ts';
import { EXAMPLE_ID, EXAMPLE_TIME } from './common.ts';
import { iso, isoOrNull } from './query.ts';

const codes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];
const tiktokId = z.string().regex(/^\d{1,20}$/, 'is digits').openapi({ example: '1729592969712207009' });
/** Clocks differ a little; a count from the future would shut out what is counted after it. */
const MOST_AHEAD_MS = 60_000;

const valueFields = {
  quantity: z.int().min(STOCK_LIMITS.min).max(STOCK_LIMITS.max).openapi({ example: 40, description: `Units, ${STOCK_LIMITS.min} to ${STOCK_LIMITS.max}.` }),
  basis: z
    .enum(STOCK_BASES)
    .default('on_hand')
    .openapi({ example: 'on_hand', description: 'on_hand: units in the house, those of orders that are not shipped among them. available: units that may be sold on; orders that came since as_of are taken off.' }),
  warehouse_id: tiktokId.optional().openapi({ example: '7068517275539719942', description: 'Needed where the SKU has several.' }),
  as_of: z.iso
    .datetime({ offset: true })
    .refine((time) => Date.parse(time) <= Date.now() + MOST_AHEAD_MS, 'is in the future')
    .optional()
    .openapi({ example: EXAMPLE_TIME, description: 'When it was counted; now where absent. Of several values the newest wins.' }),
};

const skuValue = z.strictObject({ sku_id: tiktokId, ...valueFields });

/** A SKU is named once for each of its warehouses. */
export const productInventoryInput = z
  .strictObject({ skus: z.array(skuValue).min(1).max(100) })
  .superRefine(({ skus }, context) => nameDoubles(context, 'skus', skus.map(({ sku_id, warehouse_id }) => (`${sku_id}:${warehouse_id ?? ''}`))))
  .openapi('ProductInventoryInput', { example: { skus: [{ sku_id: '1729592969712207009', quantity: 40, basis: 'on_hand' }] } });

const itemValue = z
  .strictObject({
    channel_uid: z.uuid().openapi({ example: EXAMPLE_ID }),
    sku_id: tiktokId.optional(),
    seller_sku: z.string().min(1).max(100).optional().openapi({ example: 'LAMP-RED', description: 'In place of sku_id: the only SKU of the channel that the seller calls so.' }),
    product_id: tiktokId.optional().openapi({ example: '1729592969712207000' }),
    ...valueFields,
  })
  .refine(({ sku_id, seller_sku }) => (sku_id === undefined) !== (seller_sku === undefined), { path: ['sku_id'], message: 'give either sku_id or seller_sku' });

export const manyInventoryInput = z
  .strictObject({ items: z.array(itemValue).min(1).max(1_000) })
  .superRefine(({ items }, context) =>
    nameDoubles(context, 'items', items.map(({ channel_uid, sku_id, seller_sku, warehouse_id }) => JSON.stringify([channel_uid, sku_id ?? null, seller_sku ?? null, warehouse_id ?? null]))),
  )
  .openapi('ManyInventoryInput', {
    example: { items: [{ channel_uid: EXAMPLE_ID, sku_id: '1729592969712207009', quantity: 40 }, { channel_uid: EXAMPLE_ID, seller_sku: 'LAMP-BLUE', quantity: 12, basis: 'available', as_of: EXAMPLE_TIME }] },
  });

export type InventoryItem = z.infer<typeof itemValue>;

function nameDoubles(context: z.RefinementCtx, list: string, keys: readonly string[]): void {
  keys.forEach((key, index) => {
    const first = keys.indexOf(key);
    if (first < index) context.addIssue({ code: 'custom', path: [list, index], message: `is the same SKU as ${list}[${first}]` });
  });
}

export const inventoryRequestSchema = z
  .object({
    id: z.uuid().openapi({ example: EXAMPLE_ID }),
    channel_uid: z.uuid().openapi({ example: EXAMPLE_ID }),
    job_id: z.uuid().nullable().openapi({ example: EXAMPLE_ID }),
    source: z.enum(INVENTORY_SOURCES).openapi({ example: 'http' }),
    product_id: z.string().nullable().openapi({ example: '1729592969712207000' }),
    sku_id: z.string().nullable().openapi({ example: '1729592969712207009' }),
    seller_sku: z.string().nullable().openapi({ example: null, description: 'As it was asked for.' }),
    warehouse_id: z.string().nullable().openapi({ example: null }),
    quantity: z.int().openapi({ example: 40, description: 'As it was asked for.' }),
    basis: z.enum(STOCK_BASES).openapi({ example: 'on_hand' }),
    as_of: z.string().openapi({ format: 'date-time', example: EXAMPLE_TIME }),
    state: z.enum(INVENTORY_REQUEST_STATES).openapi({ example: 'applied', description: 'received: on its way, or waiting for a paused channel. superseded: something newer has replaced it.' }),
    sent_quantity: z.int().nullable().openapi({ example: 37, description: 'What TikTok was told, or showed already: less than quantity by what is sold.' }),
    code: z.enum(codes).nullable().openapi({ example: null, description: 'Why it failed, or waits.' }),
    reason: z.string().nullable().openapi({ example: null, description: 'The same for people, in TikTok’s words where it said no.' }),
    created_at: z.string().openapi({ format: 'date-time', example: EXAMPLE_TIME }),
    finished_at: z.string().nullable().openapi({ format: 'date-time', example: EXAMPLE_TIME }),
  })
  .openapi('InventoryRequest');

export const toInventoryRequest = (row: InventoryRequestRow): z.infer<typeof inventoryRequestSchema> => ({
  id: row.id,
  channel_uid: row.channel_id,
  job_id: row.job_id,
  source: row.source,
  product_id: row.product_id,
  sku_id: row.sku_id,
  seller_sku: row.seller_sku,
  warehouse_id: row.warehouse_id,
  quantity: row.quantity,
  basis: row.basis,
  as_of: iso(row.as_of),
  state: row.state,
  sent_quantity: row.sent_quantity,
  code: row.state_code,
  reason: row.state_reason,
  created_at: iso(row.created_at),
  finished_at: isoOrNull(row.finished_at),
});

export const inventoryResultSchema = z
  .object({
    job_id: z.uuid().openapi({ example: EXAMPLE_ID, description: 'GET /jobs/{id} shows how far it is.' }),
    items: z.array(inventoryRequestSchema).openapi({ description: 'A result for each value, in the order of the request.' }),
  })
  .openapi('InventoryResult');
