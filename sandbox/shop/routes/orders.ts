import { z } from 'zod';
import type { Json } from '../../open-api/wire/json.ts';
import { ORDER_STATUSES, type Order } from '../orders/types.ts';
import { orderView } from '../orders/view.ts';
import { badRequest } from '../wire/answers.ts';
import { id, pageQuery, time } from '../wire/fields.ts';
import type { Call, Router } from '../wire/router.ts';
import type { World } from '../world.ts';
import { pageData } from './answer-page.ts';

const MAX_IDS = 50;

const pageSchema = pageQuery(100).extend({ sort_field: z.enum(['create_time', 'update_time']).default('create_time'), sort_order: z.enum(['ASC', 'DESC']).default('DESC') });
const searchSchema = z.object({
  order_status: z.enum(ORDER_STATUSES).optional(),
  create_time_ge: time.optional(),
  create_time_lt: time.optional(),
  update_time_ge: time.optional(),
  update_time_lt: time.optional(),
  shipping_type: z.enum(['TIKTOK', 'SELLER']).optional(),
  buyer_user_id: id.optional(),
  is_buyer_request_cancel: z.boolean().optional(),
  warehouse_ids: z.array(id).max(100).optional(),
});
type Search = z.infer<typeof searchSchema>;

export function orderRoutes(world: World, { add }: Router): void {
  add('POST', '/order/202309/orders/search', ['seller.order.info'], (call) => search(world, call));
  for (const version of ['202309', '202507'] as const) {
    add('GET', `/order/${version}/orders`, ['seller.order.info'], (call) => details(call, version));
  }
}

function search(world: World, { shop, now, query, body }: Call): Json {
  const page = query(pageSchema);
  const filter = body(searchSchema);
  const { visibility_ms } = world.settings.current.paging;
  const sortValue = page.sort_field === 'update_time' ? ({ update_ms }: Order) => update_ms : ({ create_ms }: Order) => create_ms;
  const found = world.pager.page<Order>(
    {
      key: `orders|${shop.id}|${page.sort_field}|${page.sort_order}|${JSON.stringify(filter)}`,
      // Where orders come into sight late, time alone changes the list.
      version: visibility_ms > 0 ? now : shop.version,
      items: () => [...shop.orders.values()].filter((order) => order.create_ms + visibility_ms <= now && fits(order, filter)),
      value: sortValue,
      descending: page.sort_order === 'DESC',
    },
    page,
  );
  if (!found) throw badRequest("The 'page_token' query parameter is invalid or has expired.");
  return pageData(world, 'orders', found, (order) => orderView(shop, order, '202309'));
}

const within = (ms: number, ge: number | undefined, lt: number | undefined): boolean => {
  const seconds = Math.floor(ms / 1_000);
  return (ge === undefined || seconds >= ge) && (lt === undefined || seconds < lt);
};

const fits = (order: Order, filter: Search): boolean =>
  (filter.order_status === undefined || order.status === filter.order_status) &&
  (filter.shipping_type === undefined || order.shipping_type === filter.shipping_type) &&
  (filter.buyer_user_id === undefined || order.buyer.user_id === filter.buyer_user_id) &&
  (filter.is_buyer_request_cancel === undefined || (order.cancel_requested_ms !== null) === filter.is_buyer_request_cancel) &&
  (!filter.warehouse_ids?.length || order.lines.some(({ warehouse_id }) => filter.warehouse_ids?.includes(warehouse_id))) &&
  within(order.create_ms, filter.create_time_ge, filter.create_time_lt) &&
  within(order.update_ms, filter.update_time_ge, filter.update_time_lt);

/** Unknown ids are silently missing. */
function details({ shop, query }: Call, version: '202309' | '202507'): Json {
  const { ids } = query(z.object({ ids: z.string() }));
  const wanted = ids.split(',').filter((each) => each !== '');
  if (wanted.length === 0) throw badRequest('Ids is a required field and has not been provided.');
  if (wanted.length > MAX_IDS) throw badRequest(`param ids is invalid: at most ${MAX_IDS} ids.`);
  return { orders: [...new Set(wanted)].flatMap((orderId) => shop.orders.get(orderId) ?? []).map((order) => orderView(shop, order, version)) };
}
