import type { ShopOrder } from '../contracts/shop-api.ts';
import type { OrderEvent } from '../contracts/shop-event.ts';
import type { NewShopMessage, OrderChange, OrderMessage } from '../contracts/shop-message.ts';
import { minorDigits } from './money.ts';

/** The channel that an order came through. */
export interface OrderChannel {
  channel_id: string;
  workspace_id: string;
  shop_id: string;
  /** Of the shop. */
  name: string;
}

export interface ToldOrder {
  order: ShopOrder;
  previous_status: string | null;
  change: OrderChange;
  shortfall: OrderMessage['order']['shortfall'];
}

const iso = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));

/** Until when TikTok, or the seller's own promise, wants it shipped; epoch milliseconds. */
export const shipByOf = (order: ShopOrder): number | null => order.ship_by_ms ?? order.ready_to_ship_due_ms;

/** A change of an order as other systems get it. */
export function orderMessage(channel: OrderChannel, { order, previous_status, change, shortfall }: ToldOrder, sequence: number): NewShopMessage {
  return {
    type: 'order',
    workspace_id: channel.workspace_id,
    channel_id: channel.channel_id,
    shop_id: channel.shop_id,
    change,
    sequence,
    order: {
      order_id: order.id,
      status: order.status,
      previous_status,
      update_time: iso(order.update_time_ms),
      create_time: iso(order.create_time_ms),
      paid_time: isoOrNull(order.paid_time_ms),
      ship_by: isoOrNull(shipByOf(order)),
      total: order.payment?.total ?? null,
      buyer_nickname: order.buyer_nickname,
      buyer_message: order.buyer_message,
      shipping_type: order.shipping_type,
      delivery_option_id: order.delivery_option_id,
      recipient: order.recipient,
      line_items: order.line_items.map(({ id, product_id, product_name, sku_id, seller_sku, status, sale_price, package_id, tracking_number }) => ({
        id,
        product_id,
        product_name,
        sku_id,
        seller_sku,
        status,
        sale_price,
        package_id,
        tracking_number,
      })),
      package_ids: order.package_ids,
      shortfall,
    },
  };
}

/** The same as rules and the workspace's stream see it. */
export function orderEvent(channel: OrderChannel, told: ToldOrder, of: { id: string; received_at: string; is_history: boolean }): OrderEvent {
  const { order, previous_status, change } = told;
  const total = order.payment?.total ?? null;
  return {
    type: 'order',
    ...of,
    workspace_id: channel.workspace_id,
    channel_id: channel.channel_id,
    occurred_at: iso(order.update_time_ms),
    change,
    order_id: order.id,
    status: order.status,
    previous_status,
    total: total === null ? null : total.amount / 10 ** minorDigits(total.currency),
    currency: total?.currency ?? null,
    item_count: order.line_items.length,
    items: unique(order.line_items.map(({ product_name }) => product_name)),
    seller_skus: unique(order.line_items.flatMap(({ seller_sku }) => seller_sku ?? [])),
    buyer_nickname: order.buyer_nickname,
    buyer_note: order.buyer_message,
    user_id: order.buyer_user_id,
    shop_name: channel.name,
  };
}

const unique = (values: readonly string[]): string[] => [...new Set(values)];
