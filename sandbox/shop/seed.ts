import { createProduct } from './catalogue/create-product.ts';
import { PRODUCT_STATUSES } from './catalogue/types.ts';
import { bringTo } from './orders/bring-to.ts';
import { createOrder } from './orders/create-order.ts';
import { ORDER_STATUSES } from './orders/types.ts';
import type { Shop } from './state/shops.ts';
import { quietly, type World } from './world.ts';

export const DEMO_SELLER = 'Nordlicht Trading';
const SHOPS = [
  { name: 'Nordlicht UK', region: 'GB' },
  { name: 'Nordlicht Indonesia', region: 'ID' },
] as const;
const LIVE_PRODUCTS = 33;
/** One is in a promotion, which locks its price. */
const PROMOTED = 5;
const HOUR_MS = 3_600_000;
/** 2026-01-05: what is there from the start is as old in every sandbox. */
const OPENED_MS = 1_767_571_200_000;

/** Two shops of one seller, each with about 40 products in every status, and an order in every state that stays there. */
export function furnishShops(world: World): void {
  for (const { name, region } of SHOPS) {
    const shop = world.shops.create({ name, region, seller: DEMO_SELLER, seller_type: 'LOCAL' });
    if (shop) quietly(world, () => furnish(world, shop));
  }
}

function furnish(world: World, shop: Shop): void {
  const price = shop.currency === 'IDR' ? 49_000 : 1_990;
  for (let number = 0; number < LIVE_PRODUCTS; number++) {
    createProduct(shop, { skus: 1 + (number % 3), warehouses: number % 4 === 3 ? 2 : 1, price: price + number * 100, promoted: number === PROMOTED, create_ms: OPENED_MS + number * HOUR_MS });
  }
  PRODUCT_STATUSES.filter((status) => status !== 'ACTIVATE').forEach((status, index) => {
    createProduct(shop, { status, skus: 2, price, create_ms: OPENED_MS + (LIVE_PRODUCTS + index) * HOUR_MS });
  });
  const skus = [...shop.products.values()].flatMap((product) => product.skus);
  ORDER_STATUSES.forEach((status, index) => {
    const first = skus[index * 2];
    const second = skus[index * 2 + 1];
    if (!first || !second) return;
    const items = [{ sku: first, quantity: 1 }, { sku: second, quantity: 1 + (index % 2) }];
    const order = createOrder(world, shop, { items, shipping_type: index % 2 === 0 ? 'SELLER' : 'TIKTOK', moves: false });
    if (order) bringTo(world, shop, order, status);
  });
}
