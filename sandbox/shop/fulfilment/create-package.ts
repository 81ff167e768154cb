import type { Line, Order } from '../orders/types.ts';
import type { Shop } from '../state/shops.ts';
import type { World } from '../world.ts';
import type { Package } from './types.ts';

/** @param orders that the lines belong to; several: a combined package */
export function createPackage(world: World, shop: Shop, orders: readonly Order[], lines: readonly Line[], tag: Package['tag']): Package {
  const now = world.clock.now();
  const pkg: Package = {
    id: String(world.ids.next()),
    status: 'TO_FULFILL',
    order_ids: orders.map(({ id }) => id),
    line_ids: lines.map(({ id }) => id),
    tag,
    shipping_type: orders[0]?.shipping_type ?? 'SELLER',
    provider: null,
    tracking_number: '',
    handover_method: null,
    pickup_slot: null,
    create_ms: now,
    update_ms: now,
    shipped_ms: null,
  };
  for (const line of lines) line.package_id = pkg.id;
  shop.packages.set(pkg.id, pkg);
  shop.version += 1;
  return pkg;
}
