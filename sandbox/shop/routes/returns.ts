import { z } from 'zod';
import type { Json } from '../../open-api/wire/json.ts';
import type { OrderReturn } from '../aftersales/types.ts';
import { amountText } from '../catalogue/money.ts';
import type { Shop } from '../state/shops.ts';
import { id, time } from '../wire/fields.ts';
import type { Router } from '../wire/router.ts';
import type { World } from '../world.ts';
import { pageData } from './answer-page.ts';
import { afterSalePage, anyOf, foundPage, withinTimes } from './cancellations.ts';

const searchSchema = z.object({
  return_ids: z.array(id).optional(),
  order_ids: z.array(id).optional(),
  buyer_user_ids: z.array(id).optional(),
  return_types: z.array(z.string()).optional(),
  return_status: z.array(z.string()).optional(),
  create_time_ge: time.optional(),
  create_time_lt: time.optional(),
  update_time_ge: time.optional(),
  update_time_lt: time.optional(),
});

export function returnRoutes(world: World, { add }: Router): void {
  add('POST', '/return_refund/202309/returns/search', ['seller.return_refund.basic'], ({ shop, query, body }) => {
    const page = query(afterSalePage);
    const filter = body(searchSchema);
    const items = (): OrderReturn[] => [...shop.returns.values()].filter((each) => fits(shop, each, filter));
    return pageData(world, 'return_orders', foundPage(world, shop, page, `returns|${JSON.stringify(filter)}`, items), (each) => view(shop, each));
  });
}

const fits = (shop: Shop, each: OrderReturn, filter: z.infer<typeof searchSchema>): boolean =>
  anyOf(filter.return_ids, each.id) &&
  anyOf(filter.order_ids, each.order_id) &&
  anyOf(filter.return_types, each.type) &&
  anyOf(filter.return_status, each.status) &&
  anyOf(filter.buyer_user_ids, shop.orders.get(each.order_id)?.buyer.user_id) &&
  withinTimes(each, filter);

function view(shop: Shop, each: OrderReturn): Json {
  const lines = shop.orders.get(each.order_id)?.lines.filter((line) => each.line_ids.includes(line.id)) ?? [];
  const refund = (minor: number): Json => ({ currency: shop.currency, refund_total: amountText(minor, shop.currency), refund_subtotal: amountText(minor, shop.currency) });
  return {
    return_id: each.id,
    order_id: each.order_id,
    return_type: each.type,
    return_status: each.status,
    role: 'BUYER',
    return_reason: each.reason,
    return_reason_text: each.reason.replaceAll('_', ' '),
    create_time: Math.floor(each.create_ms / 1_000),
    update_time: Math.floor(each.update_ms / 1_000),
    refund_amount: refund(lines.reduce((sum, { price }) => sum + price, 0)),
    return_line_items: lines.map((line) => ({
      return_line_item_id: `${each.id.slice(0, 9)}${line.id.slice(9)}`,
      order_line_item_id: line.id,
      product_name: line.product_name,
      sku_id: line.sku_id,
      sku_name: line.sku_name,
      seller_sku: line.seller_sku,
      refund_amount: refund(line.price),
    })),
  };
}
