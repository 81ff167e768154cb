import { z } from 'zod';
import type { Json } from '../../open-api/wire/json.ts';
import { arrangeShipment, ordersOf } from '../fulfilment/arrange.ts';
import { demandShippable, demandTracking, demandUnshipped } from '../fulfilment/refusals.ts';
import type { Package } from '../fulfilment/types.ts';
import type { Shop } from '../state/shops.ts';
import { ShopFault } from '../wire/answers.ts';
import { id } from '../wire/fields.ts';
import type { Call, Router } from '../wire/router.ts';
import type { World } from '../world.ts';
import { packageNamed, slotsAfter } from './packages.ts';

const MAX_BATCH = 50;

const shipSchema = z.object({
  handover_method: z.enum(['PICKUP', 'DROP_OFF']).optional(),
  pickup_slot: z.object({ start_time: z.number().int(), end_time: z.number().int() }).optional(),
  self_shipment: z.object({ tracking_number: z.string(), shipping_provider_id: id }).optional(),
});
type Ship = z.infer<typeof shipSchema>;

export function shipRoutes(world: World, { add }: Router): void {
  add('POST', '/fulfillment/202309/packages/{package_id}/ship', ['seller.fulfillment.basic'], ({ shop, param, body }) => {
    const wanted = body(shipSchema);
    ship(world, shop, packageNamed(shop, param('package_id'), 21011028), wanted);
    return {};
  });
  add('POST', '/fulfillment/202309/packages/ship', ['seller.fulfillment.basic'], (call) => shipMany(world, call));
}

/** What fails is named, the rest is shipped. */
function shipMany(world: World, { shop, body }: Call): Json {
  const { packages } = body(z.object({ packages: z.array(shipSchema.extend({ id })).min(1).max(MAX_BATCH) }));
  const errors: Json[] = [];
  for (const wanted of packages) {
    try {
      ship(world, shop, packageNamed(shop, wanted.id, 21011028), wanted);
    } catch (error) {
      if (!(error instanceof ShopFault)) throw error;
      errors.push({ code: error.code, message: error.message, detail: { package_id: wanted.id } });
    }
  }
  return errors.length > 0 ? { errors } : {};
}

function ship(world: World, shop: Shop, pkg: Package, { handover_method, pickup_slot, self_shipment }: Ship): void {
  demandUnshipped(pkg);
  for (const order of ordersOf(shop, pkg)) demandShippable(shop, order);
  if (pkg.shipping_type === 'SELLER') {
    if (!self_shipment) throw new ShopFault(21011022, 'The tracking number is invalid: self_shipment is missing.');
    const provider = demandTracking(shop, self_shipment, pkg);
    return arrangeShipment(world, shop, pkg, { provider, tracking_number: self_shipment.tracking_number });
  }
  if (pickup_slot && !slotsAfter(world.clock.now()).some((slot) => slot.avaliable && slot.start_time === pickup_slot.start_time && slot.end_time === pickup_slot.end_time)) {
    throw new ShopFault(21004017, 'The pickup time is not available.');
  }
  pkg.handover_method = handover_method ?? 'PICKUP';
  pkg.pickup_slot = pickup_slot ?? null;
  arrangeShipment(world, shop, pkg, null);
}
