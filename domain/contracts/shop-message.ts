import type { OrderLineItem, Money, RecipientAddress, ShopSku } from './shop-api.ts';

/**
 * Messages for other systems, at least once, in order for each order and product. `message_id` is the same on every repeat. Written in the
 * transaction that changed the thing. Their JSON Schemas stand in docs/messages/.
 */
interface MessageBase {
  message_id: string;
  schema_version: 1;
  occurred_at: string;
  workspace_id: string;
  channel_id: string;
  shop_id: string;
}

export const ORDER_CHANGES = ['placed', 'paid', 'status', 'shipped', 'delivered', 'completed', 'cancelled', 'cancellation', 'return', 'updated'] as const;
/** placed: we see it first. paid: it may be shipped or is held back; a sale. updated: anything else, such as the address. */
export type OrderChange = (typeof ORDER_CHANGES)[number];

export interface OrderMessage extends MessageBase {
  type: 'order';
  change: OrderChange;
  /** Rises by one with each message of this order, from 1. */
  sequence: number;
  order: {
    order_id: string;
    status: string;
    previous_status: string | null;
    update_time: string;
    create_time: string;
    paid_time: string | null;
    ship_by: string | null;
    total: Money | null;
    buyer_nickname: string | null;
    buyer_message: string | null;
    shipping_type: string | null;
    delivery_option_id: string | null;
    recipient: RecipientAddress | null;
    line_items: Pick<OrderLineItem, 'id' | 'product_id' | 'product_name' | 'sku_id' | 'seller_sku' | 'status' | 'sale_price' | 'package_id' | 'tracking_number'>[];
    package_ids: string[];
    /** Units that were sold and are not there, by SKU. */
    shortfall: { sku_id: string; units: number }[];
  };
}

export const PRODUCT_CHANGES = ['created', 'updated', 'status', 'removed'] as const;
export type ProductChange = (typeof PRODUCT_CHANGES)[number];

export interface ProductMessage extends MessageBase {
  type: 'product';
  change: ProductChange;
  sequence: number;
  product: {
    product_id: string;
    title: string;
    status: string;
    update_time: string | null;
    skus: Pick<ShopSku, 'id' | 'seller_sku' | 'price' | 'inventory' | 'status'>[];
  };
}

export type ShopMessage = OrderMessage | ProductMessage;

/** A message before it has its id, sequence and moment. */
export type NewShopMessage = Omit<OrderMessage, 'message_id' | 'schema_version' | 'occurred_at'> | Omit<ProductMessage, 'message_id' | 'schema_version' | 'occurred_at'>;

/** What a warehouse sends to INVENTORY_EXCHANGE_NAME: up to 1,000 SKUs. */
export interface InventoryMessage {
  /** The sender's; a repeat changes nothing. */
  message_id: string;
  workspace_id: string;
  items: {
    /** One of both. */
    channel_id?: string;
    shop_id?: string;
    /** One of both. */
    sku_id?: string;
    seller_sku?: string;
    warehouse_id?: string;
    quantity: number;
    basis?: 'on_hand' | 'available';
    /** ISO 8601; the moment of the message where absent. */
    as_of?: string;
  }[];
}
