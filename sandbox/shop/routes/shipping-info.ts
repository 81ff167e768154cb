import { z } from 'zod';
import { ordersOf } from '../fulfilment/arrange.ts';
import { demandTracking } from '../fulfilment/refusals.ts';
import type { Package } from '../fulfilment/types.ts';
import { packagesOf, touchOrder } from '../orders/change.ts';
import type { Order } from '../orders/types.ts';
import type { Shop } from '../state/shops.ts';
import { ShopFault } from '../wire/answers.ts';
import { id } from '../wire/fields.ts';
import type { Router } from '../wire/router.ts';
import type { World } from '../world.ts';
import { packageNamed } from './packages.ts';

const schema = z.object({ tracking_number: z.string(), shipping_provider_id: id });
type Shipment = z.infer<typeof schema>;

/** A wrong tracking number is put right: once for each order. https://partner.tiktokshop.com/docv2/page/update-package-shipping-info-202309 */
export function shippingInfoRoutes(world: World, { add }: Router): void {
  add('POST', '/fulfillment/202309/packages/{package_id}/shipping_info/update', ['seller.logistics', 'seller.fulfillment.basic'], ({ shop, param, body }) => {
    const wanted = body(schema);
    const pkg = packageNamed(shop, param('package_id'), 21011028);
    return change(world, shop, ordersOf(shop, pkg), [pkg], wanted);
  });
  add('POST', '/fulfillment/202309/orders/{order_id}/shipping_info/update', ['seller.logistics'], ({ shop, param, body }) => {
    const wanted = body(schema);
    const order = shop.orders.get(param('order_id'));
    if (!order) throw new ShopFault(21011028, 'The order does not belong to this shop.');
    return change(world, shop, [order], packagesOf(shop, order), wanted);
  });
}

function change(world: World, shop: Shop, orders: readonly Order[], packages: readonly Package[], wanted: Shipment) {
  const shipped = packages.filter(({ shipped_ms }) => shipped_ms !== null);
  for (const order of orders) demandChangeable(world, order, shipped);
  const provider = demandTracking(shop, wanted, shipped[0] ?? null);
  for (const pkg of shipped) Object.assign(pkg, { provider: { id: provider.id, name: provider.name }, tracking_number: wanted.tracking_number, update_ms: world.clock.now() });
  for (const order of orders) {
    order.tracking_changes += 1;
    touchOrder(world, shop, order);
  }
  return {};
}

function demandChangeable(world: World, order: Order, shipped: readonly Package[]): void {
  const { update_window_ms } = world.settings.current.shipping;
  if (order.shipping_type !== 'SELLER') throw new ShopFault(21011004, 'The order is not shipped by the seller.');
  if (order.status === 'CANCELLED') throw new ShopFault(21011042, 'The order is cancelled.');
  if (shipped.length === 0) throw new ShopFault(21011043, 'The order is not shipped yet.');
  if (order.status === 'DELIVERED' || order.status === 'COMPLETED') throw new ShopFault(21011030, 'The order is delivered.');
  if (order.tracking_changes > 0) throw new ShopFault(21011051, 'The shipping information was changed already; it can be changed once.');
  if (shipped.every(({ shipped_ms }) => (shipped_ms ?? 0) + update_window_ms <= world.clock.now())) throw new ShopFault(21011050, 'The time for changing the shipping information is over.');
}
