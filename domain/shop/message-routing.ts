import type { ShopMessage } from '../contracts/shop-message.ts';

export interface MessageRoute {
  /** `order.paid`, `product.updated`: routing key and type at once. */
  routing_key: string;
  /** TikTok's id of the order or product. */
  subject: string;
  headers: { [name: string]: string | number };
}

/** How a message is addressed, whatever carries it. */
export function routeOf(message: ShopMessage): MessageRoute {
  const { type, change, workspace_id, channel_id, shop_id, sequence, schema_version } = message;
  return {
    routing_key: `${type}.${change}`,
    subject: message.type === 'order' ? message.order.order_id : message.product.product_id,
    headers: { workspace_id, channel_id, shop_id, sequence, schema_version },
  };
}
