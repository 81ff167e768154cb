import type { Db } from '../../../db/client.ts';
import { listToRetry, setAside } from '../../../db/shop-set-aside.repository.ts';
import type { ChannelKey } from '../../../domain/contracts/channel.ts';
import { ERRORS } from '../../../domain/errors.ts';
import { isFinalStatus } from '../../../domain/shop/order-status.ts';
import type { ShopClient } from '../../../tiktok/shop/index.ts';
import type { OrderIntake } from '../orders/take-orders.ts';
import type { CallingChannel, ShopCalls } from '../shop-calls.ts';
import { unreadableAside } from './take-page.ts';
import type { OrderTelling } from './tell-orders.ts';

/** One call of TikTok's; what is left over has its turn in the next run. */
const AT_ONCE = 50;

export interface SetAsideRetryDeps {
  db: Db;
  tiktok: Pick<ShopClient, 'orders'>;
  calls: ShopCalls;
  intake: OrderIntake;
  telling: OrderTelling;
}

/**
 * Tries orders that were set aside once more, by their ids; those that fail again wait for the next run.
 * @returns how many calls to TikTok it took: none or one. TikTok's own failure is left to the next run
 */
export function createSetAsideRetry({ db, tiktok, calls, intake, telling }: SetAsideRetryDeps) {
  return async (channel: ChannelKey, signal: AbortSignal): Promise<number> => {
    const waiting = await listToRetry(db, channel.channel_id, 'order', AT_ONCE);
    if (waiting.length === 0) return 0;
    const ids = waiting.map(({ entity_id }) => entity_id);
    let made = 0;
    let caller: CallingChannel | null = null;
    const answer = await calls.withShop(channel.channel_id, { signal }, (access, calling) => {
      made += 1;
      caller = calling;
      return tiktok.orders(access, ids, signal);
    });
    if (!answer.ok || caller === null) return made;
    const { orders, unreadable } = answer.value;
    const answered = new Set([...orders, ...unreadable].map(({ id }) => id));
    const gone = ids.filter((id) => !answered.has(id)).map((id) => ({ id, code: 'shop_order_not_found' as const, reason: ERRORS.shop_order_not_found.message }));
    await setAside(db, channel.channel_id, 'order', [...gone, ...unreadable.map(unreadableAside)]);

    // Taken, it is set aside no more: told first, it is told even if this process dies in between. One that can't be stored is nothing to be told of yet.
    const unstorable = new Set(waiting.flatMap(({ entity_id, code }) => (code === 'shop_order_unstorable' ? entity_id : [])));
    const untold = await telling.tell(channel, orders.filter(({ id, status }) => !unstorable.has(id) && !isFinalStatus(status)), 'poll');
    await setAside(db, channel.channel_id, 'order', untold);
    const waits = new Set(untold.map(({ id }) => id));
    const taken = await intake.take(caller, orders.filter(({ id }) => !waits.has(id)), 'poll');
    const stored = new Set(taken.flatMap(({ order_id, outcome, is_open }) => (unstorable.has(order_id) && is_open && outcome !== 'failed' ? order_id : [])));
    await setAside(db, channel.channel_id, 'order', await telling.tell(channel, orders.filter(({ id }) => stored.has(id)), 'poll'));
    return made;
  };
}
