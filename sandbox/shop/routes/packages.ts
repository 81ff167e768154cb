import { z } from 'zod';
import type { Json } from '../../open-api/wire/json.ts';
import { ordersOf } from '../fulfilment/arrange.ts';
import type { Package } from '../fulfilment/types.ts';
import { listedPackage, packageDetail } from '../fulfilment/view.ts';
import type { Shop } from '../state/shops.ts';
import { badRequest, ShopFault } from '../wire/answers.ts';
import { pageQuery, time } from '../wire/fields.ts';
import type { Call, Router } from '../wire/router.ts';
import type { World } from '../world.ts';
import { pageData } from './answer-page.ts';

const pageSchema = pageQuery(50).extend({ sort_field: z.enum(['create_time', 'update_time', 'order_pay_time']).default('create_time'), sort_order: z.enum(['ASC', 'DESC']).default('DESC') });
const searchSchema = z.object({
  create_time_ge: time.optional(),
  create_time_lt: time.optional(),
  update_time_ge: time.optional(),
  update_time_lt: time.optional(),
  package_status: z.enum(['PROCESSING', 'FULFILLING', 'COMPLETED', 'CANCELLED']).optional(),
});

export function packageRoutes(world: World, { add }: Router): void {
  add('POST', '/fulfillment/202309/packages/search', ['seller.fulfillment.basic'], (call) => search(world, call));
  add('GET', '/fulfillment/202309/packages/{package_id}', ['seller.fulfillment.basic'], ({ shop, param }) => packageDetail(shop, packageNamed(shop, param('package_id'), 10006402)));
  add('GET', '/fulfillment/202309/packages/{package_id}/handover_time_slots', ['seller.fulfillment.package.write', 'seller.fulfillment.basic'], ({ shop, param, now }) => {
    const pkg = packageNamed(shop, param('package_id'), 21011028);
    return { can_pickup: pkg.shipping_type === 'TIKTOK', can_drop_off: true, can_van_collection: false, drop_off_point_url: 'https://drop-off.sandbox.example/', pickup_slots: slotsAfter(now) };
  });
  add('GET', '/fulfillment/202309/orders/{order_id}/tracking', ['seller.logistics', 'seller.fulfillment.basic'], ({ shop, param }) => {
    const order = shop.orders.get(param('order_id'));
    if (!order) throw new ShopFault(10006402, 'The order does not belong to this seller.');
    return { tracking: order.tracking.toReversed().map(({ description, at_ms }) => ({ description, update_time_millis: Math.floor(at_ms) })) };
  });
}

export function packageNamed(shop: Shop, packageId: string, code: number): Package {
  const pkg = shop.packages.get(packageId);
  if (!pkg) throw new ShopFault(code, 'The package does not belong to this seller.');
  return pkg;
}

const HOUR_S = 3_600;
/** Tomorrow from nine, three slots of three hours; the last is taken. */
export function slotsAfter(now: number): { start_time: number; end_time: number; avaliable: boolean }[] {
  const tomorrow = (Math.floor(now / 86_400_000) + 1) * 86_400;
  return [9, 12, 15].map((hour) => ({ start_time: tomorrow + hour * HOUR_S, end_time: tomorrow + (hour + 3) * HOUR_S, avaliable: hour < 15 }));
}

function search(world: World, { shop, query, body }: Call): Json {
  const page = query(pageSchema);
  const filter = body(searchSchema);
  const sortValue: Record<typeof page.sort_field, (pkg: Package) => number> = {
    create_time: ({ create_ms }) => create_ms,
    update_time: ({ update_ms }) => update_ms,
    order_pay_time: (pkg) => ordersOf(shop, pkg)[0]?.paid_ms ?? 0,
  };
  const found = world.pager.page<Package>(
    {
      key: `packages|${shop.id}|${page.sort_field}|${page.sort_order}|${JSON.stringify(filter)}`,
      version: shop.version,
      items: () => [...shop.packages.values()].filter((pkg) => fits(pkg, filter)),
      value: sortValue[page.sort_field],
      descending: page.sort_order === 'DESC',
    },
    page,
  );
  if (!found) throw badRequest("The 'page_token' query parameter is invalid or has expired.");
  return pageData(world, 'packages', found, (pkg) => listedPackage(shop, pkg));
}

const within = (ms: number, ge: number | undefined, lt: number | undefined): boolean => {
  const seconds = Math.floor(ms / 1_000);
  return (ge === undefined || seconds >= ge) && (lt === undefined || seconds < lt);
};
const fits = (pkg: Package, filter: z.infer<typeof searchSchema>): boolean =>
  (filter.package_status === undefined || pkg.status === filter.package_status) &&
  within(pkg.create_ms, filter.create_time_ge, filter.create_time_lt) &&
  within(pkg.update_ms, filter.update_time_ge, filter.update_time_lt);
