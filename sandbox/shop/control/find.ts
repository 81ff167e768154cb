import { ControlError } from '../../routes/control-input.ts';
import type { Product, Sku } from '../catalogue/types.ts';
import type { Order } from '../orders/types.ts';
import type { ShopApp } from '../state/apps.ts';
import type { Seller, Shop } from '../state/shops.ts';
import type { World } from '../world.ts';

const missing = (what: string, name: string): ControlError => new ControlError(404, `There is no ${what} "${name}".`);

export function shopNamed(world: World, id: string): Shop {
  const shop = world.shops.byId(id);
  if (!shop) throw missing('shop', id);
  return shop;
}

/** @param name default: the first */
export function sellerNamed(world: World, name: string | undefined): Seller {
  const seller = name === undefined ? world.shops.sellers()[0] : world.shops.seller(name);
  if (!seller) throw missing('seller', name ?? '');
  return seller;
}

/** @param appKey default: the first */
export function appNamed(world: World, appKey: string | undefined): ShopApp {
  const app = appKey === undefined ? world.apps.all()[0] : world.apps.byKey(appKey);
  if (!app) throw missing('app', appKey ?? '');
  return app;
}

function inShops<T>(world: World, what: string, id: string, find: (shop: Shop) => T | undefined): { shop: Shop; found: T } {
  for (const shop of world.shops.all()) {
    const found = find(shop);
    if (found) return { shop, found };
  }
  throw missing(what, id);
}

export const orderNamed = (world: World, id: string): { shop: Shop; found: Order } => inShops(world, 'order', id, ({ orders }) => orders.get(id));
export const productOf = (world: World, id: string): { shop: Shop; found: Product } => inShops(world, 'product', id, ({ products }) => products.get(id));
export const skuOf = (world: World, id: string): { shop: Shop; found: Sku } => inShops(world, 'SKU', id, ({ skus }) => skus.get(id));
export const cancellationOf = (world: World, id: string) => inShops(world, 'cancellation', id, ({ cancellations }) => cancellations.get(id));
export const returnOf = (world: World, id: string) => inShops(world, 'return', id, ({ returns }) => returns.get(id));
