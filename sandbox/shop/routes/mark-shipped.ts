import { z } from 'zod';
import type { Json } from '../../open-api/wire/json.ts';
import { arrangeShipment } from '../fulfilment/arrange.ts';
import { createPackage } from '../fulfilment/create-package.ts';
import { mayMarkShipped } from '../fulfilment/markets.ts';
import { demandShippable, demandTracking } from '../fulfilment/refusals.ts';
import { isShipped, linesIn } from '../orders/status.ts';
import type { Line, Order } from '../orders/types.ts';
import { ShopFault } from '../wire/answers.ts';
import { id } from '../wire/fields.ts';
import type { Call, Router } from '../wire/router.ts';
import type { World } from '../world.ts';

const schema = z.object({ order_line_item_ids: z.array(id).optional(), tracking_number: z.string(), shipping_provider_id: id });

/** Mark Package As Shipped: https://partner.tiktokshop.com/docv2/page/mark-package-as-shipped-202309 */
export function markShippedRoutes(world: World, { add }: Router): void {
  add('POST', '/fulfillment/202309/orders/{order_id}/packages', ['seller.fulfillment.basic'], (call) => markShipped(world, call));
}

function markShipped(world: World, { shop, param, body }: Call): Json {
  const wanted = body(schema);
  const order = shop.orders.get(param('order_id'));
  if (!order) throw new ShopFault(21011029, 'The order does not belong to this shop.');
  if (!mayMarkShipped(shop)) throw new ShopFault(21008106, 'This API is not available in the market of the shop.');
  if (order.shipping_type !== 'SELLER') throw new ShopFault(21011004, 'The order is not shipped by the seller.');
  demandShippable(shop, order);
  const lines = linesToShip(order, wanted.order_line_item_ids);
  const provider = demandTracking(shop, wanted, null);
  const isPart = lines.length < order.lines.length;
  const pkg = createPackage(world, shop, [order], lines, isPart ? 'SPLIT' : 'DEFAULT');
  arrangeShipment(world, shop, pkg, { provider, tracking_number: wanted.tracking_number }, world.settings.current.shipping.marked_status);
  return { order_id: order.id, order_line_item_ids: pkg.line_ids, package_id: pkg.id, warning: { message: '' } };
}

/** Without ids the whole order, which has to be one package then. @throws ShopFault */
function linesToShip(order: Order, ids: readonly string[] | undefined): Line[] {
  const waiting = linesIn(order, 'AWAITING_SHIPMENT');
  if (waiting.length === 0) throw new ShopFault(21011020, 'The order is already shipped.');
  if (!ids?.length) {
    if (order.lines.some(isShipped)) throw new ShopFault(21011048, 'The order has several packages: order_line_item_ids is needed.');
    return waiting;
  }
  return [...new Set(ids)].map((lineId) => {
    const line = order.lines.find((each) => each.id === lineId);
    if (!line) throw new ShopFault(21011036, 'An order line item does not belong to this order.');
    if (line.status === 'CANCELLED') throw new ShopFault(21011041, 'An order line item is cancelled.');
    if (!waiting.includes(line)) throw new ShopFault(21011020, 'An order line item is already shipped.');
    return line;
  });
}

