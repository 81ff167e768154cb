import type { Db } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import type { InventoryEvent, OrderEvent } from '../../domain/contracts/shop-event.ts';
import type { ChannelKey } from '../../domain/contracts/channel.ts';

/** A sale of one lamp, just now. */
export const orderEvent = ({ channel_id, workspace_id }: ChannelKey, over: Partial<OrderEvent> = {}): OrderEvent => ({
  id: newId(),
  type: 'order',
  workspace_id,
  channel_id,
  occurred_at: new Date().toISOString(),
  received_at: new Date().toISOString(),
  is_history: false,
  change: 'paid',
  order_id: '576461413038785752',
  status: 'AWAITING_SHIPMENT',
  previous_status: 'UNPAID',
  total: 24.9,
  currency: 'GBP',
  item_count: 1,
  items: ['Desk lamp'],
  seller_skus: ['LAMP-1'],
  buyer_nickname: 'Jo',
  buyer_note: null,
  user_id: '7494845267308415300',
  shop_name: 'Nordlicht UK',
  ...over,
});

export const inventoryEvent = ({ channel_id, workspace_id }: ChannelKey, over: Partial<InventoryEvent> = {}): InventoryEvent => ({
  id: newId(),
  type: 'inventory',
  workspace_id,
  channel_id,
  occurred_at: new Date().toISOString(),
  received_at: new Date().toISOString(),
  is_history: false,
  change: 'low',
  product_id: '1729592969712207008',
  product_name: 'Desk lamp',
  sku_id: '1729592969712207012',
  seller_sku: 'LAMP-1',
  available: 3,
  previous_available: 6,
  shop_name: 'Nordlicht UK',
  ...over,
});

/** A connected channel without a sandbox behind it. */
export async function seedPlainChannel(db: Db, workspace_id: string, state: 'active' | 'paused' | 'disconnected' = 'active'): Promise<ChannelKey> {
  const authorization_id = newId();
  const sealed = { access_token: 'sealed', refresh_token: 'sealed' };
  await db
    .insertInto('shop_authorizations')
    .values({ id: authorization_id, workspace_id, open_id: newId(), granted_scopes: [], state: 'connected', ...sealed })
    .execute();
  const channel_id = newId();
  await db
    .insertInto('channels')
    .values({ id: channel_id, workspace_id, authorization_id, shop_id: newId(), shop_cipher: 'sealed', name: 'Nordlicht UK', region: 'GB', state })
    .execute();
  return { channel_id, workspace_id };
}
