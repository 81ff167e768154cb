import { z } from 'zod';
import type { Json } from '../../open-api/wire/json.ts';
import { answerCancellation, cancelNow, pendingOf } from '../aftersales/cancellations.ts';
import type { Cancellation } from '../aftersales/types.ts';
import { amountText } from '../catalogue/money.ts';
import { isOpen } from '../orders/status.ts';
import type { Line, Order } from '../orders/types.ts';
import type { Shop } from '../state/shops.ts';
import { badRequest, ShopFault } from '../wire/answers.ts';
import { id, pageQuery, time } from '../wire/fields.ts';
import type { Call, Router } from '../wire/router.ts';
import type { World } from '../world.ts';
import { pageData } from './answer-page.ts';

const SCOPES = ['seller.return_refund.basic'] as const;

const createSchema = z.object({
  order_id: id,
  skus: z.array(z.object({ sku_id: id, quantity: z.number().int().min(1) })).optional(),
  order_line_item_ids: z.array(id).optional(),
  cancel_reason: z.string(),
});
export const afterSalePage = pageQuery(50).extend({
  page_size: z.coerce.number().int().min(1).max(50).default(10),
  sort_field: z.enum(['create_time', 'update_time']).default('create_time'),
  sort_order: z.enum(['ASC', 'DESC']).default('DESC'),
});
const searchSchema = z.object({
  cancel_ids: z.array(id).optional(),
  order_ids: z.array(id).optional(),
  buyer_user_ids: z.array(id).optional(),
  cancel_types: z.array(z.string()).optional(),
  cancel_status: z.array(z.string()).optional(),
  create_time_ge: time.optional(),
  create_time_lt: time.optional(),
  update_time_ge: time.optional(),
  update_time_lt: time.optional(),
});

export function cancellationRoutes(world: World, { add }: Router): void {
  add('POST', '/return_refund/202309/cancellations', SCOPES, (call) => create(world, call));
  add('POST', '/return_refund/202309/cancellations/search', SCOPES, (call) => search(world, call));
  for (const answer of ['approve', 'reject'] as const) {
    add('POST', `/return_refund/202309/cancellations/{cancel_id}/${answer}`, SCOPES, ({ shop, param, body }) => {
      if (answer === 'reject') body(z.object({ reject_reason: z.string(), comment: z.string().optional() }));
      const cancellation = shop.cancellations.get(param('cancel_id'));
      if (!cancellation) throw new ShopFault(25001001, 'The cancellation does not exist.');
      if (!answerCancellation(world, shop, cancellation, answer === 'approve')) throw new ShopFault(25001051, `The cancellation is ${cancellation.status} and can not be answered.`);
      return {};
    });
  }
}

function create(world: World, { shop, body }: Call): Json {
  const wanted = body(createSchema);
  const order = shop.orders.get(wanted.order_id);
  if (!order) throw new ShopFault(25001001, 'The order does not exist.');
  if (order.fulfillment_type !== 'FULFILLMENT_BY_SELLER') throw new ShopFault(25020005, 'The order is fulfilled by the platform.');
  if (pendingOf(shop, order)) throw new ShopFault(25001011, 'A cancellation of the order is already in process.');
  const lines = linesToCancel(order, wanted);
  // Once the shipment is arranged the seller can't, outside of the US.
  const isPossible = (line: Line): boolean => isOpen(line) || (line.status === 'AWAITING_COLLECTION' && shop.region === 'US');
  if (lines.length === 0 || !lines.every(isPossible)) throw new ShopFault(25001051, `The order is ${order.status} and can not be cancelled.`);
  const { id: cancel_id, status } = cancelNow(world, shop, order, lines, 'SELLER', wanted.cancel_reason);
  return { cancel_id, cancel_status: status };
}

/** Named items, so many units of SKUs, or all that is left. @throws ShopFault */
function linesToCancel(order: Order, { order_line_item_ids, skus }: z.infer<typeof createSchema>): Line[] {
  const living = order.lines.filter(({ status }) => status !== 'CANCELLED');
  if (order_line_item_ids?.length) {
    return order_line_item_ids.map((lineId) => {
      const line = living.find((each) => each.id === lineId);
      if (!line) throw new ShopFault(25001001, 'An order line item does not exist, or is cancelled.');
      return line;
    });
  }
  if (!skus?.length) return living;
  return skus.flatMap(({ sku_id, quantity }) => {
    const units = living.filter((line) => line.sku_id === sku_id && isOpen(line)).slice(0, quantity);
    if (units.length < quantity) throw new ShopFault(25001001, 'The order has not so many units of a SKU.');
    return units;
  });
}

function search(world: World, { shop, query, body }: Call): Json {
  const page = query(afterSalePage);
  const filter = body(searchSchema);
  const items = (): Cancellation[] => [...shop.cancellations.values()].filter((each) => fits(shop, each, filter));
  return pageData(world, 'cancellations', foundPage(world, shop, page, `cancellations|${JSON.stringify(filter)}`, items), (each) => view(shop, each));
}

/** One page of a shop's cancellations or returns, in the order that was asked for. @param list names the list and its filter */
export function foundPage<T extends { id: string; create_ms: number; update_ms: number }>(world: World, shop: Shop, page: z.infer<typeof afterSalePage>, list: string, items: () => T[]) {
  const found = world.pager.page<T>(
    {
      key: `${list}|${shop.id}|${page.sort_field}|${page.sort_order}`,
      version: shop.version,
      items,
      value: page.sort_field === 'update_time' ? ({ update_ms }) => update_ms : ({ create_ms }) => create_ms,
      descending: page.sort_order === 'DESC',
    },
    page,
  );
  if (!found) throw badRequest("The 'page_token' query parameter is invalid or has expired.");
  return found;
}

const typeOf = ({ role }: Cancellation): string => (role === 'BUYER' ? 'BUYER_CANCEL' : 'CANCEL');
/** A list that is empty or absent lets all through. */
export const anyOf = (wanted: readonly string[] | undefined, value: string | undefined): boolean => !wanted?.length || (value !== undefined && wanted.includes(value));
export const withinTimes = ({ create_ms, update_ms }: { create_ms: number; update_ms: number }, filter: Pick<z.infer<typeof searchSchema>, 'create_time_ge' | 'create_time_lt' | 'update_time_ge' | 'update_time_lt'>): boolean => {
  const [created, updated] = [Math.floor(create_ms / 1_000), Math.floor(update_ms / 1_000)];
  return created >= (filter.create_time_ge ?? 0) && created < (filter.create_time_lt ?? Infinity) && updated >= (filter.update_time_ge ?? 0) && updated < (filter.update_time_lt ?? Infinity);
};

const fits = (shop: Shop, each: Cancellation, filter: z.infer<typeof searchSchema>): boolean =>
  anyOf(filter.cancel_ids, each.id) &&
  anyOf(filter.order_ids, each.order_id) &&
  anyOf(filter.cancel_types, typeOf(each)) &&
  anyOf(filter.cancel_status, each.status) &&
  anyOf(filter.buyer_user_ids, shop.orders.get(each.order_id)?.buyer.user_id) &&
  withinTimes(each, filter);

function view(shop: Shop, each: Cancellation): Json {
  const lines = shop.orders.get(each.order_id)?.lines.filter((line) => each.line_ids.includes(line.id)) ?? [];
  const refund = (minor: number): Json => ({ currency: shop.currency, refund_total: amountText(minor, shop.currency), refund_subtotal: amountText(minor, shop.currency) });
  return {
    cancel_id: each.id,
    order_id: each.order_id,
    cancel_type: typeOf(each),
    cancel_status: each.status,
    role: each.role,
    cancel_reason: each.reason,
    cancel_reason_text: each.reason.replaceAll('_', ' '),
    create_time: Math.floor(each.create_ms / 1_000),
    update_time: Math.floor(each.update_ms / 1_000),
    refund_amount: refund(lines.reduce((sum, { price }) => sum + price, 0)),
    seller_next_action_response: each.answer_due_ms === null ? [] : [{ action: 'SELLER_RESPOND_CANCEL', deadline: Math.floor(each.answer_due_ms / 1_000) }],
    cancel_line_items: lines.map((line) => ({
      cancel_line_item_id: `${each.id.slice(0, 9)}${line.id.slice(9)}`,
      order_line_item_id: line.id,
      product_name: line.product_name,
      sku_id: line.sku_id,
      sku_name: line.sku_name,
      seller_sku: line.seller_sku,
      refund_amount: refund(line.price),
    })),
  };
}
