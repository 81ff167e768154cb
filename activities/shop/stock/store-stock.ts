import type { Db } from '../../../db/client.ts';
import { newId } from '../../../db/ids.ts';
import { applyRequests } from '../../../db/inventory-request-queue.repository.ts';
import { lockSkus, updateSkuStock, type SkuStock } from '../../../db/sku.repository.ts';
import type { ChannelKey } from '../../../domain/contracts/channel.ts';
import type { InventoryEvent } from '../../../domain/contracts/shop-event.ts';
import { stockChangeOf } from '../../../domain/shop/stock-change.ts';
import type { SettleShortage } from '../orders/settle-shortage.ts';
import type { ShopEventWriter } from '../shop-events.ts';

export interface StoredChannel extends ChannelKey {
  name: string;
}
export interface AppliedRequest {
  id: string;
  sent_quantity: number;
  product_id: string;
}
type LockedSku = Awaited<ReturnType<typeof lockSkus>>[number];

/**
 * Stores what TikTok shows, the requests that are done with it, and what rules and streams are told, in one transaction; orders that were short of
 * units which are there now get them after it.
 * @returns how many SKUs TikTok showed another quantity of than we knew
 */
export async function storeStock(
  { db, events, settle }: { db: Db; events: ShopEventWriter; settle: SettleShortage },
  channel: StoredChannel,
  stocks: readonly SkuStock[],
  applied: readonly AppliedRequest[] = [],
): Promise<number> {
  if (stocks.length === 0) return 0;
  const { appended, changed } = await db.transaction().execute(async (trx) => {
    const known = await lockSkus(trx, channel.channel_id, stocks.map(({ sku_id }) => sku_id));
    const told = known.flatMap((sku) => eventOf(channel, sku, stocks.find(({ sku_id }) => sku_id === sku.sku_id)) ?? []);
    await updateSkuStock(trx, channel.channel_id, stocks);
    await applyRequests(trx, applied);
    return { appended: told.length > 0 ? await events.append(trx, told) : null, changed: told.length };
  });
  events.committed(appended);
  await settle(channel.channel_id, stocks.map(({ sku_id }) => sku_id));
  return changed;
}

function eventOf(channel: StoredChannel, sku: LockedSku, stock: SkuStock | undefined): InventoryEvent | null {
  // Something newer is known, and was told.
  if (!stock || (sku.stock_seen_at !== null && sku.stock_seen_at > stock.seen_at)) return null;
  const change = stockChangeOf(sku.available, stock.seen.available);
  if (!change) return null;
  const now = new Date().toISOString();
  return {
    id: newId(),
    workspace_id: channel.workspace_id,
    channel_id: channel.channel_id,
    occurred_at: stock.seen_at.toISOString(),
    received_at: now,
    is_history: false,
    type: 'inventory',
    change,
    product_id: sku.product_id,
    product_name: sku.title,
    sku_id: sku.sku_id,
    seller_sku: sku.seller_sku,
    available: stock.seen.available,
    previous_available: sku.available,
    shop_name: channel.name,
  };
}
