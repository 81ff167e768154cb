import type { ShopOrder, ShopResult, Unreadable } from '../../../domain/contracts/shop-api.ts';
import type { ShopClient } from '../../../tiktok/shop/index.ts';
import { orAbort } from '../../accounts/shared-work.ts';
import type { ShopCalls } from '../shop-calls.ts';

/** missing: TikTok does not show it (yet). unreadable: what it shows is no order. */
export type ReadOrder = { kind: 'order'; order: ShopOrder } | { kind: 'missing' } | { kind: 'unreadable'; reason: string };

export interface OrderReader {
  /** Reads an order as it is from now on; whoever asks at the same time shares a call. @throws the signal's reason */
  read(channelId: string, orderId: string, signal?: AbortSignal): Promise<ShopResult<ReadOrder>>;
}

export interface OrderReaderOptions {
  /** How long the first of a call waits for others, milliseconds. */
  joinMs?: number;
  /** Calls of one channel that are under way at once. */
  callsAtOnce?: number;
}

/** Most ids of one call; https://partner.tiktokshop.com/docv2/page/get-order-detail-202507. */
const IDS = 50;
/** Workflows that wait for one channel's orders at once are bounded by the worker's activities; this is for what would break that. */
const WAITING = 5_000;

type Answer = (result: ShopResult<ReadOrder>) => void;
interface Lane {
  waiting: Map<string, Answer[]>;
  calls: number;
  timer: NodeJS.Timeout | undefined;
}

/** TikTok allows an app few calls a second at first, and an order's webhooks come in bunches: orders are read up to 50 at a time. */
export function createOrderReader(calls: Pick<ShopCalls, 'withShop'>, tiktok: Pick<ShopClient, 'orders'>, { joinMs = 15, callsAtOnce = 3 }: OrderReaderOptions = {}): OrderReader {
  const lanes = new Map<string, Lane>();

  const schedule = (channelId: string, lane: Lane): void => {
    if (lane.waiting.size === 0 && lane.calls === 0) lanes.delete(channelId);
    if (lane.waiting.size > 0 && lane.timer === undefined && lane.calls < callsAtOnce) lane.timer = setTimeout(() => void send(channelId, lane), joinMs);
  };

  const send = async (channelId: string, lane: Lane): Promise<void> => {
    lane.timer = undefined;
    const batch = [...lane.waiting].slice(0, IDS);
    for (const [id] of batch) lane.waiting.delete(id);
    lane.calls += 1;
    schedule(channelId, lane);
    const result = await call(channelId, batch.map(([id]) => id));
    lane.calls -= 1;
    for (const [id, answers] of batch) for (const answer of answers) answer(result(id));
    schedule(channelId, lane);
  };

  async function call(channelId: string, ids: readonly string[]): Promise<(id: string) => ShopResult<ReadOrder>> {
    try {
      const result = await calls.withShop(channelId, {}, (access) => tiktok.orders(access, ids));
      if (!result.ok) return () => result;
      const read = new Map(result.value.orders.map((order) => [order.id, order]));
      return (id) => ({ ok: true, value: found(read.get(id), result.value.unreadable.find((one) => one.id === id)) });
    } catch (error) {
      // Our own database, for one: whoever waits tries again.
      return () => ({ ok: false, code: 'unavailable', reason: (error as Error).message, tiktok_code: null, definite: true, retry: 'later', retry_after_ms: null });
    }
  }

  return {
    read(channelId, orderId, signal) {
      let lane = lanes.get(channelId);
      if (!lane) lanes.set(channelId, (lane = { waiting: new Map(), calls: 0, timer: undefined }));
      if (lane.waiting.size >= WAITING && !lane.waiting.has(orderId)) return Promise.resolve(TOO_MANY);
      const answered = new Promise<ShopResult<ReadOrder>>((answer) => lane.waiting.set(orderId, [...(lane.waiting.get(orderId) ?? []), answer]));
      schedule(channelId, lane);
      return orAbort(answered, signal);
    },
  };
}

const found = (order: ShopOrder | undefined, unreadable: Unreadable | undefined): ReadOrder =>
  order ? { kind: 'order', order } : unreadable ? { kind: 'unreadable', reason: unreadable.reason } : { kind: 'missing' };

const TOO_MANY: ShopResult<ReadOrder> = {
  ok: false,
  code: 'unavailable',
  reason: `More than ${WAITING} orders of this channel wait to be read.`,
  tiktok_code: null,
  definite: true,
  retry: 'later',
  retry_after_ms: 1_000,
};
