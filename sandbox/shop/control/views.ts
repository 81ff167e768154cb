import { availableOf, committedOf } from '../catalogue/stock.ts';
import type { Product, Sku } from '../catalogue/types.ts';
import { packagesOf } from '../orders/change.ts';
import type { Order } from '../orders/types.ts';
import type { Shop } from '../state/shops.ts';

export const shopState = (shop: Shop) => {
  const { id, name, region, currency, seller_type, cipher, active, seller, warehouses, products, orders } = shop;
  return { id, name, region, currency, seller_type, cipher, active, seller, warehouses, products: products.size, orders: orders.size, subscriptions: [...shop.subscriptions.values()] };
};

/** The truth of the stock: what a bench of overselling is measured by. */
export const stockState = (shop: Shop, sku: Sku) => ({
  shop_id: shop.id,
  product_id: sku.product.id,
  sku_id: sku.id,
  seller_sku: sku.seller_sku,
  available: availableOf(sku),
  committed: committedOf(sku),
  ...sku.ledger,
  /** Units in orders that are not cancelled. */
  in_orders: sku.ledger.sold - sku.ledger.cancelled,
  warehouses: Object.fromEntries(sku.stock),
});

export const productState = (product: Product) => ({ ...product, skus: product.skus.map(({ id, seller_sku, price, stock }) => ({ id, seller_sku, price, stock: Object.fromEntries(stock) })) });

export function orderState(shop: Shop, order: Order) {
  const { unschedule: _, ...state } = order;
  return { ...state, packages: packagesOf(shop, order) };
}
