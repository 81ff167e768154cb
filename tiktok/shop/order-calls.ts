import { z } from 'zod';
import type { Caller } from './caller.ts';
import type { AfterSaleFilter, ShopClient, TimeRange } from './client.ts';
import { at } from './path.ts';
import { valueOf } from './results.ts';
import { id, list, name, nothingSchema, pageSchema, readAll } from './schemas/common.ts';
import { cancellationSchema, cancelStatus, orderSchema, returnSchema } from './schemas/orders.ts';
import { atMost, pageQuery, sortQuery, timeFilter, unique } from './search-input.ts';

type OrderCalls = Pick<
  ShopClient,
  'searchOrders' | 'orders' | 'cancelOrder' | 'approveCancellation' | 'rejectCancellation' | 'rejectReasons' | 'searchCancellations' | 'searchReturns'
>;

const LARGEST_PAGE = 100;
const LARGEST_AFTER_SALE_PAGE = 50;
const MAX_ORDERS = 50;
const CANCELLATIONS = '/return_refund/202309/cancellations';

const orderPage = pageSchema('orders', 'id', orderSchema);
const ordersSchema = z.object({ orders: list(z.unknown()) }).transform((data) => {
  const { items, unreadable } = readAll(data.orders, 'id', orderSchema);
  return { orders: items, unreadable };
});
const cancellationPage = pageSchema('cancellations', 'cancel_id', cancellationSchema);
const returnPage = pageSchema('return_orders', 'return_id', returnSchema);
const cancelledSchema = z.object({ cancel_id: id, cancel_status: cancelStatus }).transform(({ cancel_id, cancel_status }) => ({ cancel_id, status: cancel_status }));
const reasonsSchema = z.object({ reasons: list(z.object({ name: z.string().min(1), text: name })) }).transform((data) => data.reasons);

/** https://partner.tiktokshop.com/docv2/page/order-api-overview */
export function createOrderCalls(call: Caller): OrderCalls {
  return {
    async searchOrders(shop, { status, ...search }, signal) {
      const json = { ...(status === undefined ? {} : { order_status: status }), ...timeFilter(search) };
      const query = { ...pageQuery(search, LARGEST_PAGE), ...sortQuery(search) };
      return valueOf(call(shop, { method: 'POST', path: '/order/202309/orders/search', query, json, schema: orderPage, signal }));
    },
    async orders(shop, orderIds, signal) {
      const ids = atMost(unique(orderIds), MAX_ORDERS, 'orders');
      if (ids.length === 0) return { ok: true, value: { orders: [], unreadable: [] } };
      return valueOf(call(shop, { method: 'GET', path: '/order/202507/orders', query: { ids: ids.join(',') }, schema: ordersSchema, signal }));
    },
    cancelOrder: (shop, { order_id, cancel_reason, skus, order_line_item_ids }, signal) => {
      const json = { order_id, cancel_reason, ...(skus === undefined ? {} : { skus }), ...(order_line_item_ids === undefined ? {} : { order_line_item_ids }) };
      return valueOf(call(shop, { method: 'POST', path: CANCELLATIONS, json, schema: cancelledSchema, once: true, signal }));
    },
    approveCancellation: (shop, cancelId, idempotency_key, signal) =>
      valueOf(call(shop, { method: 'POST', path: at(CANCELLATIONS, cancelId, 'approve'), query: { idempotency_key }, schema: nothingSchema, once: true, signal })),
    rejectCancellation: (shop, { cancel_id, reject_reason, comment, idempotency_key }, signal) => {
      const json = { reject_reason, ...(comment === undefined ? {} : { comment }) };
      return valueOf(call(shop, { method: 'POST', path: at(CANCELLATIONS, cancel_id, 'reject'), query: { idempotency_key }, json, schema: nothingSchema, once: true, signal }));
    },
    rejectReasons: (shop, return_or_cancel_id, signal) =>
      valueOf(call(shop, { method: 'GET', path: '/return_refund/202309/reject_reasons', query: { return_or_cancel_id }, schema: reasonsSchema, signal })),
    async searchCancellations(shop, { cancel_ids, status, ...search }, signal) {
      const json = { ...(cancel_ids === undefined ? {} : { cancel_ids }), ...(status === undefined ? {} : { cancel_status: status }), ...afterSaleFilter(search) };
      const query = { ...pageQuery(search, LARGEST_AFTER_SALE_PAGE), ...sortQuery(search) };
      return valueOf(call(shop, { method: 'POST', path: at(CANCELLATIONS, 'search'), query, json, schema: cancellationPage, signal }));
    },
    async searchReturns(shop, { return_ids, status, ...search }, signal) {
      const json = { ...(return_ids === undefined ? {} : { return_ids }), ...(status === undefined ? {} : { return_status: status }), ...afterSaleFilter(search) };
      const query = { ...pageQuery(search, LARGEST_AFTER_SALE_PAGE), ...sortQuery(search) };
      return valueOf(call(shop, { method: 'POST', path: '/return_refund/202309/returns/search', query, json, schema: returnPage, signal }));
    },
  };
}

const afterSaleFilter = ({ order_ids, ...search }: TimeRange & Omit<AfterSaleFilter, 'status'>) => ({
  ...(order_ids === undefined ? {} : { order_ids: unique(order_ids) }),
  ...timeFilter(search),
});
