import type { ShopProduct } from '../contracts/shop-api.ts';
import type { ProductMessage } from '../contracts/shop-message.ts';

export type ProductContent = ProductMessage['product'];

const byKey = <T>(keyOf: (item: T) => string) => (a: T, b: T): number => (keyOf(a) < keyOf(b) ? -1 : Number(keyOf(a) > keyOf(b)));

/** What a message says of a product. TikTok’s lists come in any order; here they have one. */
export const productContent = ({ id, title, status, update_time_ms, skus }: ShopProduct): ProductContent => ({
  product_id: id,
  title,
  status,
  update_time: update_time_ms === null ? null : new Date(update_time_ms).toISOString(),
  skus: skus
    .map(({ id: skuId, seller_sku, price, inventory, status: skuStatus }) => ({
      id: skuId,
      seller_sku,
      price: price && { amount: price.amount, currency: price.currency },
      inventory: inventory.map(({ warehouse_id, quantity }) => ({ warehouse_id, quantity })).sort(byKey(({ warehouse_id }) => warehouse_id ?? '')),
      status: skuStatus,
    }))
    .sort(byKey(({ id: skuId }) => skuId)),
});

/** The same text for the same product, however TikTok said it. Without the time of the change, which alone is no news. */
export function canonicalProduct(product: ShopProduct): string {
  const { product_id, title, status, skus } = productContent(product);
  return JSON.stringify([product_id, title, status, skus.map(({ id, seller_sku, price, inventory, status: skuStatus }) => [
    id,
    seller_sku,
    price && [price.amount, price.currency],
    inventory.map(({ warehouse_id, quantity }) => [warehouse_id, quantity]),
    skuStatus,
  ])]);
}
