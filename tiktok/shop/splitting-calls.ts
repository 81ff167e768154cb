import type { Caller } from './caller.ts';
import type { ShopClient } from './client.ts';
import { at } from './path.ts';
import { valueOf } from './results.ts';
import { pageSchema } from './schemas/common.ts';
import { combinedSchema, packageOrdersSchema, splitAttributesSchema, splitSchema } from './schemas/shipping.ts';
import { atMost, pageQuery, unique } from './search-input.ts';

type SplittingCalls = Pick<ShopClient, 'splitAttributes' | 'splitOrder' | 'combinablePackages' | 'combinePackages' | 'uncombinePackage'>;

const LARGEST_PAGE = 50;
const MAX_ORDERS = 50;

const combinablePage = pageSchema('combinable_packages', 'id', packageOrdersSchema);

/** Several packages of one order, one package of several orders: https://partner.tiktokshop.com/docv2/page/split-orders-202309 */
export function createSplittingCalls(call: Caller): SplittingCalls {
  return {
    async splitAttributes(shop, orderIds, signal) {
      const query = { order_ids: atMost(unique(orderIds), MAX_ORDERS, 'orders').join(',') };
      return valueOf(call(shop, { method: 'GET', path: '/fulfillment/202309/orders/split_attributes', query, schema: splitAttributesSchema, signal }));
    },
    splitOrder: (shop, orderId, groups, signal) => {
      const json = { splittable_groups: groups.map((order_line_item_ids, group) => ({ id: String(group + 1), order_line_item_ids })) };
      return valueOf(call(shop, { method: 'POST', path: at('/fulfillment/202309/orders', orderId, 'split'), json, schema: splitSchema, once: true, signal }));
    },
    async combinablePackages(shop, page, signal) {
      const query = pageQuery(page, LARGEST_PAGE);
      return valueOf(call(shop, { method: 'GET', path: '/fulfillment/202309/combinable_packages/search', query, schema: combinablePage, signal }));
    },
    async combinePackages(shop, packages, signal) {
      const json = { combinable_packages: packages.map(({ id, order_ids }) => ({ id, order_ids })) };
      const result = await call(shop, { method: 'POST', path: '/fulfillment/202309/packages/combine', json, schema: combinedSchema, once: true, signal });
      return result.ok ? { ok: true, value: { packages: result.value.value, failed: result.value.failed } } : result;
    },
    uncombinePackage: (shop, packageId, order_ids, signal) =>
      valueOf(call(shop, { method: 'POST', path: at('/fulfillment/202309/packages', packageId, 'uncombine'), json: { order_ids }, schema: combinedSchema, once: true, signal })),
  };
}
