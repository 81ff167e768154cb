import { z } from '@hono/zod-openapi';
import type { ProductWithSkus, SkuRow } from '../../db/product-list.repository.ts';
import type { ShopProduct, ShopSku } from '../../domain/contracts/shop-api.ts';
import { EXAMPLE_TIME } from './common.ts';
import { jobErrorSchema, listedJobSchema } from './job.ts';
import { iso, isoOrNull } from './query.ts';
import { channelUid, tiktokId } from './shipping.ts';

export const EXAMPLE_PRODUCT = '1729592969712207000';
const EXAMPLE_SKU = '1729592969712207234';
const time = (example: string | null, description: string) => z.string().nullable().openapi({ format: 'date-time', example, description });
const units = (example: number | null, description: string) => z.int().nullable().openapi({ example, description });

export const moneySchema = z
  .object({
    amount: z.int().openapi({ example: 1_499, description: 'In the smallest unit: GBP 14.99 is 1499, JPY 1500 is 1500.' }),
    currency: z.string().openapi({ example: 'GBP' }),
  })
  .openapi('Money');

const tiktokSkuFields = {
  sku_id: z.string().openapi({ example: EXAMPLE_SKU }),
  seller_sku: z.string().nullable().openapi({ example: 'LAMP-RED', description: 'The seller’s own name for it.' }),
  status: z.string().nullable().openapi({ example: 'NORMAL' }),
  price: moneySchema.nullable(),
  attributes: z.array(z.object({ name: z.string(), value: z.string() })).openapi({ example: [{ name: 'Colour', value: 'Red' }], description: 'Empty until the product was read by itself.' }),
};

export const skuSchema = z
  .object({
    ...tiktokSkuFields,
    available: units(12, 'What TikTok sells on, as it said last; null: not asked yet.'),
    committed: units(1, 'Sold and not shipped, by TikTok.'),
    reserved: units(1, 'Held for orders here.'),
    on_hand: units(13, 'Units in the house, those of orders that are not shipped yet among them; null: nobody told.'),
    on_hand_source: z.enum(['tiktok', 'merchant']).nullable().openapi({ example: 'merchant' }),
    warehouses: z
      .array(z.object({ warehouse_id: z.string(), available: z.int(), committed: z.int() }))
      .openapi({ example: [{ warehouse_id: '7000714532876273420', available: 12, committed: 1 }] }),
    stock_seen_at: time(EXAMPLE_TIME, 'When TikTok was asked for the stock.'),
  })
  .openapi('ProductSku');

const productFields = {
  product_id: z.string().openapi({ example: EXAMPLE_PRODUCT }),
  title: z.string().openapi({ example: 'Lamp Nordlicht' }),
  status: z.string().openapi({ example: 'ACTIVATE', description: 'TikTok’s: DRAFT, PENDING, FAILED, ACTIVATE, SELLER_DEACTIVATED, PLATFORM_DEACTIVATED, FREEZE, DELETED.' }),
  audit_status: z.string().nullable().openapi({ example: 'APPROVED' }),
  create_time: time(EXAMPLE_TIME, 'By TikTok.'),
  update_time: time(EXAMPLE_TIME, 'By TikTok.'),
};

export const productSchema = z
  .object({
    channel_uid: channelUid,
    ...productFields,
    synced_at: time(EXAMPLE_TIME, 'When TikTok was asked; null: not kept here.'),
    removed_at: time(null, 'Since when TikTok has it no more.'),
    skus: z.array(skuSchema),
  })
  .openapi('Product');

const detailFields = {
  description: z.string().nullable().openapi({ example: '<p>A lamp.</p>', description: 'HTML; null until the product was read by itself.' }),
  image_urls: z.array(z.string()).openapi({ example: ['https://p16-oec.example/lamp.jpeg'] }),
};

export const productDetailSchema = productSchema
  .extend({ ...detailFields, source: z.enum(['ours', 'tiktok']).openapi({ example: 'ours', description: 'tiktok: asked just now.' }) })
  .openapi('ProductDetail');

const tiktokProductSchema = z
  .object({
    ...productFields,
    skus: z.array(z.object({ ...tiktokSkuFields, inventory: z.array(z.object({ warehouse_id: z.string().nullable(), quantity: z.int() })).openapi({ example: [{ warehouse_id: '7000714532876273420', quantity: 12 }] }) })),
  })
  .openapi('TikTokProduct');

export const tiktokPageSchema = z
  .object({
    items: z.array(tiktokProductSchema),
    unreadable: z.array(z.object({ id: z.string().nullable(), reason: z.string() })).openapi({ example: [], description: 'What TikTok gave in another form than it says.' }),
    next_page_token: z.string().nullable().openapi({ example: '7//vQUJD', description: 'Give it as page_token; null: the last page.' }),
    total_count: z.int().nullable().openapi({ example: 250 }),
  })
  .openapi('TikTokProducts');

const toSku = ({ sku_id, seller_sku, status, price_amount, price_currency, available, committed, reserved, on_hand, on_hand_source, warehouses, stock_seen_at }: SkuRow, known: ShopSku | undefined): z.infer<typeof skuSchema> => ({
  sku_id,
  seller_sku,
  status,
  price: price_amount !== null && price_currency !== null ? { amount: price_amount, currency: price_currency } : null,
  attributes: known?.attributes ?? [],
  available,
  committed,
  reserved,
  on_hand,
  on_hand_source,
  warehouses,
  stock_seen_at: isoOrNull(stock_seen_at),
});

const timesOf = ({ create_time_ms, update_time_ms }: ShopProduct) => ({ create_time: isoOf(create_time_ms), update_time: isoOf(update_time_ms) });
const isoOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

export function toProduct({ product: { channel_id, product_id, title, status, data, synced_at, removed_at }, skus }: ProductWithSkus): z.infer<typeof productSchema> {
  const known = new Map(data.skus.map((sku) => [sku.id, sku]));
  return {
    channel_uid: channel_id,
    product_id,
    title,
    status,
    audit_status: data.audit_status,
    ...timesOf(data),
    synced_at: iso(synced_at),
    removed_at: isoOrNull(removed_at),
    skus: skus.map((sku) => toSku(sku, known.get(sku.sku_id))),
  };
}

export const toProductDetail = (found: ProductWithSkus): z.infer<typeof productDetailSchema> => ({
  ...toProduct(found),
  description: found.product.data.description,
  image_urls: found.product.data.image_urls,
  source: 'ours',
});

const toTikTokSku = ({ id, seller_sku, status, price, attributes, inventory }: ShopSku) => ({ sku_id: id, seller_sku, status, price, attributes, inventory });

export const toTikTokProduct = (product: ShopProduct): z.infer<typeof tiktokProductSchema> => ({
  product_id: product.id,
  title: product.title,
  status: product.status,
  audit_status: product.audit_status,
  ...timesOf(product),
  skus: product.skus.map(toTikTokSku),
});

/** As TikTok says it, with what only we know of its stock. */
export function toAskedProduct(channel_uid: string, product: ShopProduct, known: ProductWithSkus | undefined): z.infer<typeof productDetailSchema> {
  const stocks = new Map(known?.skus.map((sku) => [sku.sku_id, sku]));
  const skus = product.skus.map((sku) => {
    const { inventory, ...fields } = toTikTokSku(sku);
    const ours = stocks.get(sku.id);
    return {
      ...fields,
      available: inventory.length === 0 ? null : inventory.reduce((sum, { quantity }) => sum + quantity, 0),
      committed: ours?.committed ?? null,
      reserved: ours?.reserved ?? null,
      on_hand: ours?.on_hand ?? null,
      on_hand_source: ours?.on_hand_source ?? null,
      warehouses: ours?.warehouses ?? [],
      stock_seen_at: isoOrNull(ours?.stock_seen_at ?? null),
    };
  });
  return {
    ...toTikTokProduct(product),
    channel_uid,
    synced_at: isoOrNull(known?.product.synced_at ?? null),
    removed_at: isoOrNull(known?.product.removed_at ?? null),
    skus,
    description: product.description,
    image_urls: product.image_urls,
    source: 'tiktok',
  };
}

const MOST_MINOR = 1_000_000_000_000;
const priceSchema = z.strictObject({
  amount: z.int().min(1).max(MOST_MINOR).openapi({ example: 1_499, description: 'In the smallest unit of the currency.' }),
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be three capitals, as ISO 4217 has them').openapi({ example: 'GBP', description: 'The shop’s.' }),
});

export const priceBody = z
  .strictObject({
    skus: z
      .array(
        z
          .strictObject({
            sku_id: tiktokId(EXAMPLE_SKU),
            price: priceSchema,
            sale_price: priceSchema.optional().openapi({ description: 'What the buyer pays; cross-border sellers only.' }),
          })
          .refine(({ price, sale_price }) => sale_price === undefined || sale_price.currency === price.currency, { path: ['sale_price', 'currency'], message: 'must be that of price' }),
      )
      .min(1)
      .max(100)
      .refine((skus) => new Set(skus.map(({ sku_id }) => sku_id)).size === skus.length, { message: 'must name each SKU once' }),
  })
  .openapi('UpdatePrices');

export const switchBody = z
  .strictObject({
    channel_uid: channelUid,
    product_ids: z
      .array(tiktokId(EXAMPLE_PRODUCT))
      .min(1)
      .max(200)
      .refine((ids) => new Set(ids).size === ids.length, { message: 'must name each product once' })
      .openapi({ example: [EXAMPLE_PRODUCT] }),
  })
  .openapi('SwitchProducts');

/** What came of each product or SKU. */
export const changedSchema = z
  .object({
    job: listedJobSchema,
    results: z
      .array(z.object({ id: z.string().openapi({ example: EXAMPLE_PRODUCT }), ok: z.boolean().openapi({ example: true }), code: jobErrorSchema.shape.code.nullable().openapi({ example: null }), reason: z.string().nullable().openapi({ example: null }) }))
      .openapi({ description: 'One for each that was asked for.' }),
  })
  .openapi('ChangedProducts');
