import type { OrderIntake } from '../orders/take-orders.ts';
import type { ShopClient } from '../../../tiktok/shop/index.ts';
import type { ErrorLog } from '../../live/log.ts';
import type { ShopCalls } from '../shop-calls.ts';

export interface EarlyTakingDeps {
  calls: ShopCalls;
  tiktok: Pick<ShopClient, 'orders'>;
  intake: OrderIntake;
  logger: ErrorLog;
  /** Most that it may hold up the telling of workflows, milliseconds. */
  timeoutMs?: number;
}

/** Reads and stores these orders of a channel. @returns those of which the row is now as TikTok has it; never rejects */
export type EarlyTaking = (channelId: string, orderIds: readonly string[]) => Promise<ReadonlySet<string>>;

/** Of one call; https://partner.tiktokshop.com/docv2/page/get-order-detail-202507. */
const IDS = 50;
const TIMEOUT_MS = 5_000;

/**
 * Temporal starts some tens of workflows a second, and a sale in a LIVE brings hundreds of orders at once: what webhooks tell of is read and stored
 * fifty orders at a time before their workflows are started, so that other systems hear of a burst within a second or two. What does not
 * succeed here is left to the workflows, which would have done it anyway.
 */
export function createEarlyTaking({ calls, tiktok, intake, logger, timeoutMs = TIMEOUT_MS }: EarlyTakingDeps): EarlyTaking {
  const takeSome = async (channelId: string, ids: readonly string[], signal: AbortSignal): Promise<string[]> => {
    const read = await calls.withShop(channelId, { signal }, async (access, channel) => {
      const answer = await tiktok.orders(access, ids, signal);
      return answer.ok ? { ok: true as const, value: { channel, orders: answer.value.orders } } : answer;
    });
    if (!read.ok) return [];
    const taken = await intake.take(read.value.channel, read.value.orders, 'webhook');
    return taken.filter(({ outcome }) => outcome !== 'failed').map(({ order_id }) => order_id);
  };

  return async (channelId, orderIds) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const lots = Array.from({ length: Math.ceil(orderIds.length / IDS) }, (_, at) => orderIds.slice(at * IDS, (at + 1) * IDS));
    const taken = await Promise.all(
      lots.map((ids) =>
        takeSome(channelId, ids, signal).catch((error: unknown): string[] => {
          logger.warn({ err: error, channel_id: channelId, orders: ids.length }, 'orders that webhooks told of could not be taken at once; their workflows do it');
          return [];
        }),
      ),
    );
    return new Set(taken.flat());
  };
}
