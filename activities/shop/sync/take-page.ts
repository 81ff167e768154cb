import type { Db } from '../../../db/client.ts';
import { setAside, type SetAside } from '../../../db/shop-set-aside.repository.ts';
import { newestWebhooks } from '../../../db/shop-sync.repository.ts';
import type { ShopOrder, Unreadable } from '../../../domain/contracts/shop-api.ts';
import type { OrderSource } from '../../../domain/contracts/shop-order.ts';
import { couldBeMissed, wasTold } from '../../../domain/shop/missed-changes.ts';
import type { CallingChannel } from '../shop-calls.ts';
import type { OrderIntake, TakenOrder } from '../orders/take-orders.ts';
import type { OrderTelling } from './tell-orders.ts';

export interface ListedOrders {
  items: readonly ShopOrder[];
  unreadable: readonly Unreadable[];
}

export interface PageOptions {
  source: OrderSource;
  /** Tell the workflows also of orders that are not new: whoever took them before may not have come to it. */
  retell: boolean;
  missed_after_ms: number;
}

export interface TakenPageCounts {
  changed: number;
  missed: number;
  /** Set aside, with their reasons. */
  failed: SetAside[];
}

export interface PageTaking {
  /**
   * Stores a page of orders and has the workflows of the open ones follow; what can't be read, stored or told is set aside and does not hold the
   * others. Done twice it changes nothing.
   * @throws where PostgreSQL or Temporal is away
   */
  take(channel: CallingChannel, page: ListedOrders, options: PageOptions): Promise<TakenPageCounts>;
}

export interface PageTakingDeps {
  db: Db;
  intake: OrderIntake;
  telling: OrderTelling;
  now?: () => number;
}

export function createPageTaking({ db, intake, telling, now = Date.now }: PageTakingDeps): PageTaking {
  /** How many of these changes webhooks should have told, and have not. */
  async function countMissed(channel: CallingChannel, changed: readonly ShopOrder[], afterMs: number): Promise<number> {
    const times = { connected_at_ms: channel.connected_at.getTime(), now_ms: now(), missed_after_ms: afterMs };
    const candidates = changed.filter(({ update_time_ms }) => couldBeMissed(update_time_ms, times));
    const told = await newestWebhooks(db, channel.channel_id, candidates.map(({ id }) => id));
    return candidates.filter(({ id, update_time_ms }) => !wasTold(update_time_ms, told.get(id)?.getTime())).length;
  }

  return {
    async take(channel, { items, unreadable }, { source, retell, missed_after_ms }) {
      const taken = await intake.take(channel, items, source);
      const orders = new Map(items.map((order) => [order.id, order]));
      const changed = taken.filter(isChanged);
      const toTell = taken.filter((one) => one.is_open && one.outcome !== 'failed' && (retell || isChanged(one))).flatMap(({ order_id }) => orders.get(order_id) ?? []);
      const untold = await telling.tell(channel, toTell, source);
      const unread = unreadable.map(unreadableAside);
      await setAside(db, channel.channel_id, 'order', [...unread, ...untold]);
      const missed = source === 'poll' ? await countMissed(channel, changed.flatMap(({ order_id }) => orders.get(order_id) ?? []), missed_after_ms) : 0;
      return { changed: changed.length, missed, failed: [...unread, ...untold, ...taken.flatMap(failedAside)] };
    },
  };
}

const isChanged = ({ outcome }: TakenOrder): boolean => outcome === 'new' || outcome === 'changed';

export const unreadableAside = ({ id, reason }: Unreadable): SetAside => ({ id, code: 'tiktok_bad_response', reason: `TikTok Shop’s answer could not be read: ${reason}` });

const failedAside = ({ order_id, outcome, code, reason }: TakenOrder): SetAside[] =>
  outcome === 'failed' ? [{ id: order_id, code: code ?? 'internal', reason: reason ?? 'It could not be stored.' }] : [];
