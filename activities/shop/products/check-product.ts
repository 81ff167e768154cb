import { removeProducts } from '../../../db/product.repository.ts';
import type { Db } from '../../../db/client.ts';
import type { ShopFailure, ShopProduct, ShopResult } from '../../../domain/contracts/shop-api.ts';
import type { ShopClient } from '../../../tiktok/shop/index.ts';
import type { CallingChannel, ShopCalls } from '../shop-calls.ts';
import type { ProductFault, ProductIntake } from './take-products.ts';

export interface CheckDeps {
  db: Db;
  tiktok: Pick<ShopClient, 'product' | 'searchProducts'>;
  calls: ShopCalls;
  intake: ProductIntake;
  publishes: boolean;
}

/** failed: TikTok's no, or a product that could not be stored; it is set aside where it is the product's own. */
export type Checked =
  | { kind: 'taken'; changed: boolean }
  | { kind: 'removed'; changed: boolean }
  | { kind: 'failed'; fault: ProductFault }
  | { kind: 'unanswered'; failure: ShopFailure };

interface Asked {
  result: ShopResult<ShopProduct | null>;
  channel: CallingChannel | null;
  seen_ms: number;
  calls: number;
}

/** Of the product, not of the channel: other products may still be asked for. */
const OF_THE_PRODUCT: ReadonlySet<string> = new Set(['tiktok_bad_response', 'shop_refused', 'tiktok_invalid_params']);

/**
 * Reads one product and stores it, or marks it removed where TikTok has it no more. TikTok shows frozen and deleted products in searches alone, and
 * those find them by their SKUs.
 */
export function createProductCheck({ db, tiktok, calls, intake, publishes }: CheckDeps) {
  return async function check(channelId: string, productId: string, skuIds: readonly string[], signal: AbortSignal): Promise<{ checked: Checked; calls: number }> {
    const asked = await ask(channelId, productId, skuIds, signal);
    return { checked: await settle(asked, productId), calls: asked.calls };
  };

  async function ask(channelId: string, productId: string, skuIds: readonly string[], signal: AbortSignal): Promise<Asked> {
    const asked: Asked = { result: { ok: true, value: null }, channel: null, seen_ms: Date.now(), calls: 0 };
    asked.result = await calls.withShop<ShopProduct | null>(channelId, { signal }, async (access, channel) => {
      Object.assign(asked, { channel, seen_ms: Date.now() });
      asked.calls += 1;
      const detail = await tiktok.product(access, productId, signal);
      if (detail.ok) return detail;
      if (detail.code === 'shop_product_not_found') return { ok: true, value: null };
      if (detail.code !== 'shop_product_state') return detail;
      if (skuIds.length === 0) return detail;
      asked.calls += 1;
      const found = await tiktok.searchProducts(access, { sku_ids: skuIds }, signal);
      return found.ok ? { ok: true, value: found.value.items.find(({ id }) => id === productId) ?? null } : found;
    });
    return asked;
  }

  async function settle({ result, channel, seen_ms }: Asked, productId: string): Promise<Checked> {
    if (!result.ok) return refused(result, channel, productId);
    const { value: product } = result;
    if (product === null) {
      const removed = await removeProducts(db, channel!, [productId], { publishes, now: new Date(seen_ms) });
      return { kind: 'removed', changed: removed.length > 0 };
    }
    const { changes, failed } = await intake.take(channel!, [product], { seen_ms });
    if (failed[0]) return { kind: 'failed', fault: failed[0] };
    return { kind: product.status === 'DELETED' ? 'removed' : 'taken', changed: changes.length > 0 };
  }

  async function refused(failure: ShopFailure, channel: CallingChannel | null, productId: string): Promise<Checked> {
    // Nothing is known of its SKUs, so it was never here.
    if (failure.code === 'shop_product_state') return { kind: 'removed', changed: false };
    if (channel === null || !OF_THE_PRODUCT.has(failure.code)) return { kind: 'unanswered', failure };
    const [fault] = await intake.putAside(channel.channel_id, [{ id: productId, reason: failure.reason }]);
    return { kind: 'failed', fault: { ...fault!, code: failure.code } };
  }
}
