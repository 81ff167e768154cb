import { appendMessages } from '../../db/outbox.repository.ts';
import type { Db } from '../../db/client.ts';
import type { NewShopMessage, OrderMessage, ProductMessage } from '../../domain/contracts/shop-message.ts';
import type { ChannelKey } from '../../domain/contracts/channel.ts';

export const orderMessage = ({ channel_id, workspace_id }: ChannelKey, order_id: string, sequence: number, over: Partial<OrderMessage['order']> = {}): NewShopMessage => ({
  type: 'order',
  change: sequence === 1 ? 'placed' : 'status',
  workspace_id,
  channel_id,
  shop_id: '7494000000000000001',
  sequence,
  order: {
    order_id,
    status: 'AWAITING_SHIPMENT',
    previous_status: 'ON_HOLD',
    update_time: '2026-01-01T00:00:00.000Z',
    create_time: '2026-01-01T00:00:00.000Z',
    paid_time: '2026-01-01T00:00:00.000Z',
    ship_by: null,
    total: { amount: 1999, currency: 'GBP' },
    buyer_nickname: 'ada',
    buyer_message: 'Grüße 🎁',
    shipping_type: 'TIKTOK',
    delivery_option_id: '7091146663229654785',
    recipient: null,
    line_items: [
      { id: '5769000000000000001', product_id: '1729000000000000001', product_name: 'Lamp', sku_id: '1729000000000000002', seller_sku: 'L-1', status: 'AWAITING_SHIPMENT', sale_price: { amount: 1999, currency: 'GBP' }, package_id: null, tracking_number: null },
    ],
    package_ids: [],
    shortfall: [],
    ...over,
  },
});

export const productMessage = ({ channel_id, workspace_id }: ChannelKey, product_id: string, sequence: number, over: Partial<ProductMessage['product']> = {}): NewShopMessage => ({
  type: 'product',
  change: sequence === 1 ? 'created' : 'updated',
  workspace_id,
  channel_id,
  shop_id: '7494000000000000001',
  sequence,
  product: {
    product_id,
    title: 'Lamp',
    status: 'ACTIVATE',
    update_time: '2026-01-01T00:00:00.000Z',
    skus: [{ id: '1729000000000000002', seller_sku: 'L-1', price: { amount: 1999, currency: 'GBP' }, inventory: [{ warehouse_id: '7000000000000000001', quantity: 7 }], status: 'NORMAL' }],
    ...over,
  },
});

/** As whoever changes an order or product does. */
export const append = (db: Db, ...messages: NewShopMessage[]): Promise<void> => db.transaction().execute((trx) => appendMessages(trx, messages, new Date()));
