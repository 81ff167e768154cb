import type { InventoryRow, ShopFailure, ShopItemFailure, ShopResult, StockUpdate } from '../../../domain/contracts/shop-api.ts';
import type { ShopClient } from '../../../tiktok/shop/index.ts';
import { eachInLanes } from '../../actions/each-in-lanes.ts';
import type { ShopCalls } from '../shop-calls.ts';

/** Most that TikTok takes in a call. */
export const SKUS_A_READ = 600;
const SKUS_A_WRITE = 100;
const WRITES_AT_ONCE = 8;

export interface StockWrite {
  product_id: string;
  update: StockUpdate;
}

/** What became of a write. lost: nobody knows, the stock tells. */
export type WriteOutcome = { kind: 'taken' } | { kind: 'lost' } | { kind: 'refused'; failure: Pick<ShopItemFailure, 'code' | 'reason' | 'retry'>; retry_after_ms: number | null };

/** The stock of one channel at TikTok, read and written in as few calls as TikTok allows. */
export interface ChannelStock {
  /** Of at most 600 SKUs, by SKU; one that is missing does not exist in this shop. */
  read(skuIds: readonly string[]): Promise<ShopResult<Map<string, InventoryRow>>>;
  /** By SKU. */
  write(writes: readonly StockWrite[]): Promise<Map<string, WriteOutcome>>;
  readonly calls: number;
}

export function createChannelStock({ tiktok, calls }: { tiktok: Pick<ShopClient, 'inventory' | 'updateInventory'>; calls: ShopCalls }, channelId: string, signal: AbortSignal): ChannelStock {
  let count = 0;
  const writeSome = async (product_id: string, updates: readonly StockUpdate[], outcomes: Map<string, WriteOutcome>): Promise<void> => {
    count += 1;
    const result = await calls.withShop(channelId, { signal }, (access) => tiktok.updateInventory(access, product_id, updates, signal));
    for (const { sku_id } of updates) outcomes.set(sku_id, outcomeOf(result, sku_id));
  };
  return {
    async read(skuIds) {
      count += 1;
      const result = await calls.withShop(channelId, { signal }, (access) => tiktok.inventory(access, { sku_ids: skuIds }, signal));
      return result.ok ? { ok: true, value: new Map(result.value.map((row) => [row.sku_id, row])) } : result;
    },
    async write(writes) {
      const outcomes = new Map<string, WriteOutcome>();
      await eachInLanes(batchesOf(writes), WRITES_AT_ONCE, ({ product_id, updates }) => writeSome(product_id, updates, outcomes));
      return outcomes;
    },
    get calls() {
      return count;
    },
  };
}

function outcomeOf(result: ShopResult<ShopItemFailure[]>, skuId: string): WriteOutcome {
  if (!result.ok) return result.definite ? { kind: 'refused', failure: result, retry_after_ms: result.retry_after_ms } : { kind: 'lost' };
  const failure = result.value.find(({ id }) => id === skuId);
  if (failure) return { kind: 'refused', failure, retry_after_ms: null };
  // A failure that names no SKU may be of any.
  return result.value.some(({ id }) => id === null) ? { kind: 'lost' } : { kind: 'taken' };
}

function batchesOf(writes: readonly StockWrite[]): { product_id: string; updates: StockUpdate[] }[] {
  const byProduct = new Map<string, StockUpdate[]>();
  for (const { product_id, update } of writes) byProduct.set(product_id, [...(byProduct.get(product_id) ?? []), update]);
  return [...byProduct].flatMap(([product_id, updates]) =>
    Array.from({ length: Math.ceil(updates.length / SKUS_A_WRITE) }, (_, batch) => ({ product_id, updates: updates.slice(batch * SKUS_A_WRITE, (batch + 1) * SKUS_A_WRITE) })),
  );
}

/** Nothing can be done until the shop is connected again; what waits, waits. */
export const isPaused = ({ code }: Pick<ShopFailure, 'code'>): boolean => code === 'shop_channel_paused' || code === 'shop_reconnect_needed';
