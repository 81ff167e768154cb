import { hashOf } from '../../catalogue/random.ts';
import { markLinesShipped, settle } from '../orders/change.ts';
import { track } from '../orders/steps.ts';
import type { Order } from '../orders/types.ts';
import type { Shop } from '../state/shops.ts';
import { TIKTOK_CARRIER } from '../state/warehouses.ts';
import type { World } from '../world.ts';
import type { Package } from './types.ts';

export interface SelfShipment {
  provider: { id: string; name: string } | null;
  tracking_number: string;
}

export const ordersOf = (shop: Shop, pkg: Package): Order[] => pkg.order_ids.flatMap((id) => shop.orders.get(id) ?? []);

/** The shipment is arranged: items wait for the carrier. @param self null: TikTok's carrier, with a tracking number of its own */
export function arrangeShipment(world: World, shop: Shop, pkg: Package, self: SelfShipment | null, status: 'AWAITING_COLLECTION' | 'IN_TRANSIT' = 'AWAITING_COLLECTION'): void {
  const { provider, tracking_number } = self ?? { provider: TIKTOK_CARRIER, tracking_number: `TTS${pkg.id.slice(-8)}${hashOf(pkg.id) % 10_000}` };
  pkg.status = status === 'IN_TRANSIT' ? 'FULFILLING' : 'PROCESSING';
  pkg.provider = provider && { id: provider.id, name: provider.name };
  pkg.tracking_number = tracking_number;
  pkg.shipped_ms = pkg.update_ms = world.clock.now();
  const inPackage = new Set(pkg.line_ids);
  for (const order of ordersOf(shop, pkg)) {
    markLinesShipped(world, shop, order.lines.filter(({ id }) => inPackage.has(id)), status);
    track(world, order, 'The seller has arranged the shipment.');
    settle(world, shop, order);
  }
}
