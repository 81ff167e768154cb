import type { Logger } from 'pino';

export interface ShopWakes {
  /** Has the shop's webhooks processed, now or soon. Returns at once and never throws. */
  request(shopId: string): void;
  /** Forgets what waits: rows remember it, the sweep finds them. Idempotent. */
  close(): void;
}

export interface ShopWakesOptions {
  wake(shopId: string): Promise<void>;
  log: Pick<Logger, 'warn'>;
  /** Least time between the end of one wake of a shop and its next. */
  intervalMs?: number;
  maxShops?: number;
}

interface Shop {
  again: boolean;
  timer: NodeJS.Timeout | null;
}

/** Wakes shops' workflows without flooding Temporal: the first webhook of a shop wakes at once, those that follow closely share one wake. */
export function createShopWakes({ wake, log, intervalMs = 200, maxShops = 10_000 }: ShopWakesOptions): ShopWakes {
  const shops = new Map<string, Shop>();
  let closed = false;

  async function run(shopId: string, shop: Shop): Promise<void> {
    shop.timer = null;
    shop.again = false;
    try {
      await wake(shopId);
    } catch (error) {
      if (!closed) log.warn({ err: error, shop_id: shopId }, 'the webhooks are kept; the sweep has them processed');
    }
    if (closed) return;
    shop.timer = setTimeout(() => {
      if (shop.again) void run(shopId, shop);
      else shops.delete(shopId);
    }, intervalMs);
  }

  return {
    request(shopId) {
      if (closed) return;
      const shop = shops.get(shopId);
      if (shop) {
        shop.again = true;
        return;
      }
      // The sweep comes within a minute.
      if (shops.size >= maxShops) return;
      const fresh: Shop = { again: false, timer: null };
      shops.set(shopId, fresh);
      void run(shopId, fresh);
    },
    close() {
      closed = true;
      shops.forEach(({ timer }) => timer && clearTimeout(timer));
      shops.clear();
    },
  };
}
