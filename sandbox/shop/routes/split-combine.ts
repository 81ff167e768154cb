import { z } from 'zod';
import type { Json } from '../../open-api/wire/json.ts';
import { splitsByUnit } from '../fulfilment/markets.ts';
import { combinable, combineOrders, splitFault, splitOrder, uncombine } from '../fulfilment/split-combine.ts';
import { linesIn } from '../orders/status.ts';
import type { Line, Order } from '../orders/types.ts';
import { badRequest, ShopFault } from '../wire/answers.ts';
import { id, pageQuery } from '../wire/fields.ts';
import type { Call, Router } from '../wire/router.ts';
import type { World } from '../world.ts';
import { pageData } from './answer-page.ts';
import { packageNamed } from './packages.ts';

const groupsSchema = z.object({ splittable_groups: z.array(z.object({ id, order_line_item_ids: z.array(id).min(1) })).min(2) });
const combineSchema = z.object({ combinable_packages: z.array(z.object({ id, order_ids: z.array(id).min(2) })).min(1).max(50) });

export function splitCombineRoutes(world: World, { add }: Router): void {
  const scopes = ['seller.fulfillment.package.write'] as const;
  add('GET', '/fulfillment/202309/orders/split_attributes', scopes, ({ shop, query }) => {
    const { order_ids } = query(z.object({ order_ids: z.string() }));
    const orders = order_ids.split(',').flatMap((orderId) => shop.orders.get(orderId) ?? []);
    return { split_attributes: orders.map((order) => attributesOf(order, splitFault(shop, order))) };
  });
  add('POST', '/fulfillment/202309/orders/{order_id}/split', scopes, (call) => split(world, call));
  add('GET', '/fulfillment/202309/combinable_packages/search', scopes, ({ shop, query }) => {
    const page = query(pageQuery(50));
    const found = world.pager.page({ key: `combinable|${shop.id}`, version: shop.version, items: () => combinable(shop), value: () => 0, descending: false }, page);
    if (!found) throw badRequest("The 'page_token' query parameter is invalid or has expired.");
    return pageData(world, 'combinable_packages', found, (group) => ({ id: group.id, order_ids: group.orders.map((order) => order.id) }));
  });
  add('POST', '/fulfillment/202309/packages/combine', scopes, (call) => combine(world, call));
  add('POST', '/fulfillment/202309/packages/{package_id}/uncombine', scopes, ({ shop, param, body }) => {
    const { order_ids } = body(z.object({ order_ids: z.array(id).min(1) }));
    const pkg = packageNamed(shop, param('package_id'), 21011028);
    if (pkg.tag !== 'COMBINE' || pkg.status !== 'TO_FULFILL') throw new ShopFault(21011031, 'The package can not be separated.');
    const leaving = order_ids.map((orderId) => (pkg.order_ids.includes(orderId) ? shop.orders.get(orderId) : undefined));
    if (leaving.includes(undefined)) throw new ShopFault(21011031, 'An order is not in this package.');
    return { packages: uncombine(world, shop, pkg, leaving as Order[]).map((each) => ({ id: each.id, order_ids: each.order_ids })) };
  });
}

const attributesOf = (order: Order, fault: string | null): Json => ({ order_id: order.id, can_split: fault === null, must_split: false, reason: fault ?? '', must_split_reasons: [] });

function split(world: World, { shop, param, body }: Call): Json {
  const { splittable_groups } = body(groupsSchema);
  const order = shop.orders.get(param('order_id'));
  if (!order) throw new ShopFault(21011028, 'The order does not belong to this shop.');
  const fault = splitFault(shop, order);
  if (fault !== null) throw new ShopFault(21011005, `The order can not be split. ${fault}`);
  const groups = splittable_groups.map(({ order_line_item_ids }) => order_line_item_ids.flatMap((lineId) => order.lines.find((line) => line.id === lineId) ?? []));
  demandPartition(order, groups, splitsByUnit(shop));
  const packages = splitOrder(world, shop, order, groups);
  return { packages: packages.map((pkg, index) => ({ id: pkg.id, splittable_group_id: splittable_groups[index]?.id ?? '' })) };
}

/** Every item that waits is in one group, and outside of the unit markets a SKU is in one group only. */
function demandPartition(order: Order, groups: readonly (readonly Line[])[], byUnit: boolean): void {
  const grouped = groups.flat();
  const waiting = linesIn(order, 'AWAITING_SHIPMENT');
  const isPartition = grouped.length === waiting.length && new Set(grouped).size === grouped.length && waiting.every((line) => grouped.includes(line));
  if (!isPartition) throw new ShopFault(21011035, 'Every order line item must be in exactly one group.');
  const skuGroups = groups.flatMap((lines) => [...new Set(lines.map(({ sku_id }) => sku_id))]);
  if (!byUnit && new Set(skuGroups).size < skuGroups.length) throw new ShopFault(21011035, 'In this market a SKU can not be in two groups.');
}

function combine(world: World, { shop, body }: Call): Json {
  const { combinable_packages } = body(combineSchema);
  const packages: Json[] = [];
  const errors: Json[] = [];
  for (const wanted of combinable_packages) {
    const group = combinable(shop).find((each) => wanted.order_ids.every((orderId) => each.orders.some((order) => order.id === orderId)));
    if (!group) {
      errors.push({ code: 21011031, message: 'The packages can not be combined.', detail: { package_id: wanted.id } });
      continue;
    }
    const pkg = combineOrders(world, shop, group.orders.filter((order) => wanted.order_ids.includes(order.id)));
    packages.push({ id: pkg.id, order_ids: pkg.order_ids });
  }
  return { packages, ...(errors.length > 0 ? { errors } : {}) };
}
