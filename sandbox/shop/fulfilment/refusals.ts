import type { Order } from '../orders/types.ts';
import type { Shop } from '../state/shops.ts';
import { providersOf } from '../state/warehouses.ts';
import { ShopFault } from '../wire/answers.ts';
import type { Package } from './types.ts';

/** As many orders may share one tracking number. */
const MAX_SHARED_TRACKING = 20;

/** What stands against shipping anything of the order. @throws ShopFault */
export function demandShippable(shop: Shop, order: Order): void {
  if (order.fulfillment_type !== 'FULFILLMENT_BY_SELLER') throw new ShopFault(21008025, 'The order is fulfilled by the platform.');
  if (order.status === 'UNPAID') throw new ShopFault(21011003, 'The action is not allowed for this order: it is not paid.');
  if (order.status === 'ON_HOLD') throw new ShopFault(21011044, 'The order is on hold.');
  if (order.status === 'CANCELLED') throw new ShopFault(21011041, 'The order is cancelled.');
  if (order.status === 'DELIVERED' || order.status === 'COMPLETED') throw new ShopFault(21011027, 'The order is delivered.');
  if (hasOpenAfterSale(shop, order)) throw new ShopFault(21008044, 'The order has an after-sale request that is not settled.');
}

export const hasOpenAfterSale = (shop: Shop, order: Order): boolean =>
  order.cancel_requested_ms !== null || [...shop.returns.values()].some(({ order_id, status }) => order_id === order.id && status === 'RETURN_OR_REFUND_REQUEST_PENDING');

/** @throws ShopFault 21011020 where the shipment is arranged, 21011027 delivered, 21011041 cancelled */
export function demandUnshipped(pkg: Package): void {
  if (pkg.status === 'COMPLETED') throw new ShopFault(21011027, 'The package is delivered.');
  if (pkg.status === 'CANCELLED') throw new ShopFault(21011041, 'The package is cancelled.');
  if (pkg.status !== 'TO_FULFILL') throw new ShopFault(21011020, 'The package is already shipped.');
}

/** @returns the provider @throws ShopFault */
export function demandTracking(shop: Shop, { tracking_number, shipping_provider_id }: { tracking_number: string; shipping_provider_id: string }, own: Package | null) {
  const provider = providersOf(shop.region).find(({ id }) => id === shipping_provider_id);
  if (!provider) throw new ShopFault(11028006, 'The shipping provider is invalid.');
  if (!provider.format.test(tracking_number)) throw new ShopFault(21011022, 'The tracking number is invalid.');
  const sharing = new Set([...shop.packages.values()].filter((pkg) => pkg !== own && pkg.tracking_number === tracking_number).flatMap(({ order_ids }) => order_ids));
  if (sharing.size >= MAX_SHARED_TRACKING) throw new ShopFault(21011026, 'The tracking number is used by too many orders.');
  return provider;
}
