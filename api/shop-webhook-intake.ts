import type { NewShopWebhook, StoredShopWebhook } from '../db/shop-webhook-intake.repository.ts';
import { ApiError } from './errors.ts';

export interface ShopWebhookIntake {
  /** Resolves once the webhook is committed. @throws ApiError unavailable where too many wait already; what storing throws */
  take(webhook: NewShopWebhook): Promise<StoredShopWebhook>;
}

export interface ShopWebhookIntakeOptions {
  /** Stores webhooks whose ids differ, all or none. */
  store(received: readonly { webhook: NewShopWebhook; times: number }[]): Promise<Map<string, StoredShopWebhook>>;
  /** Most webhooks of one statement. */
  groupSize?: number;
  /** Most requests that wait, and most bytes of their bodies. */
  maxWaiting?: number;
  maxBytes?: number;
}

interface Entry {
  webhook: NewShopWebhook;
  waiters: { resolve(stored: StoredShopWebhook): void; reject(error: unknown): void }[];
}

/** Soon: TikTok itself comes again after two minutes. */
const RETRY_AFTER_S = 2;

/**
 * Commits webhooks in groups: those that arrive while a statement runs share the next one, so that a burst costs a few commits and a single
 * webhook waits for none but its own.
 */
export function createShopWebhookIntake({ store, groupSize = 250, maxWaiting = 2_000, maxBytes = 32 * 1024 * 1024 }: ShopWebhookIntakeOptions): ShopWebhookIntake {
  const queue = new Map<string, Entry>();
  let waiting = 0;
  let bytes = 0;
  let running = false;

  async function run(): Promise<void> {
    running = true;
    while (queue.size > 0) await commit(nextGroup());
    running = false;
  }

  function nextGroup(): Entry[] {
    const group: Entry[] = [];
    for (const [id, entry] of queue) {
      if (group.length === groupSize) break;
      queue.delete(id);
      group.push(entry);
    }
    return group;
  }

  /** Never rejects. A row that can't be stored must not take those beside it along: they are stored one by one then. */
  async function commit(group: Entry[]): Promise<void> {
    try {
      const stored = await store(group.map(({ webhook, waiters }) => ({ webhook, times: waiters.length })));
      for (const entry of group) settle(entry, ({ resolve }) => resolve(stored.get(entry.webhook.id)!));
    } catch (error) {
      if (group.length > 1 && isOfOneRow(error)) for (const entry of group) await commit([entry]);
      else for (const entry of group) settle(entry, ({ reject }) => reject(error));
    }
  }

  function settle({ webhook, waiters }: Entry, tell: (waiter: Entry['waiters'][number]) => void): void {
    waiting -= waiters.length;
    bytes -= webhook.body.length;
    waiters.forEach(tell);
  }

  return {
    take(webhook) {
      if (waiting >= maxWaiting || bytes + webhook.body.length > maxBytes) {
        return Promise.reject(new ApiError('unavailable', { detail: 'too many webhooks wait to be stored', retryAfterS: RETRY_AFTER_S }));
      }
      return new Promise((resolve, reject) => {
        waiting += 1;
        const known = queue.get(webhook.id);
        if (known) known.waiters.push({ resolve, reject });
        else {
          queue.set(webhook.id, { webhook, waiters: [{ resolve, reject }] });
          bytes += webhook.body.length;
        }
        if (!running) void run();
      });
    },
  };
}

/** Data exceptions and broken constraints (classes 22 and 23); everything else would come again with every row. */
const isOfOneRow = (error: unknown): boolean => error instanceof Error && 'code' in error && /^2[23]/.test(String(error.code));
