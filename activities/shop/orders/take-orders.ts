import type pg from 'pg';
import type { Db } from '../../../db/client.ts';
import { appendTimeline, findOrder } from '../../../db/order.repository.ts';
import { setAside } from '../../../db/shop-set-aside.repository.ts';
import type { ShopOrder } from '../../../domain/contracts/shop-api.ts';
import type { OrderSource } from '../../../domain/contracts/shop-order.ts';
import type { ErrorCode } from '../../../domain/errors.ts';
import { isFinalStatus } from '../../../domain/shop/order-status.ts';
import type { ErrorLog } from '../../live/log.ts';
import type { ShopEventWriter } from '../shop-events.ts';
import { notifyShortfall } from './order-notices.ts';
import { createSettleShortage } from './settle-shortage.ts';
import { storable } from './storable.ts';
import { orderTransactions, storeOrders, type IntakeChannel, type StoredOrder } from './store-orders.ts';

export type { IntakeChannel } from './store-orders.ts';

export interface TakenOrder {
  order_id: string;
  /** failed: set aside, with its reason; the others of the page are stored. */
  outcome: 'new' | 'changed' | 'unchanged' | 'late' | 'failed';
  /** Neither completed nor cancelled. */
  is_open: boolean;
  was_known: boolean;
  code?: ErrorCode;
  reason?: string;
}

export interface OrderIntakeDeps {
  db: Db;
  pool: pg.Pool;
  events: ShopEventWriter;
  /** Whether anybody takes messages. */
  publishes: boolean;
  logger: ErrorLog;
}

export interface OrderIntake {
  /**
   * Stores orders of one channel as TikTok gave them, in one transaction. Taken twice they change nothing.
   * @returns one for each order, in their order; of an order that is given twice the newest is taken
   * @throws where PostgreSQL is away: nothing is then known of the page, and it is taken again
   */
  take(channel: IntakeChannel, orders: readonly ShopOrder[], source: OrderSource): Promise<TakenOrder[]>;
}

export function createOrderIntake({ db, pool, events, publishes, logger }: OrderIntakeDeps): OrderIntake {
  const transaction = orderTransactions(db);
  const settle = createSettleShortage({ db, events, publishes });

  async function store(channel: IntakeChannel, orders: readonly ShopOrder[], source: OrderSource): Promise<TakenOrder[]> {
    const { stored, appended, freed } = await transaction((trx) => storeOrders(trx, { events, publishes }, channel, orders, source, new Date()));
    events.committed(appended);
    for (const order of stored) if (order.shortfall.length > 0) await notifyShortfall(pool, channel, order.order_id, order.shortfall);
    await settle(channel.channel_id, freed);
    return stored.map(withoutShortfall);
  }

  async function storeOne(channel: IntakeChannel, order: ShopOrder, source: OrderSource): Promise<TakenOrder> {
    try {
      const [taken] = await store(channel, [order], source);
      return taken!;
    } catch (error) {
      if (!isOfTheOrder(error)) throw error;
      logger.error({ err: error, channel_id: channel.channel_id, order_id: order.id }, 'an order could not be stored and is set aside');
      return setOneAside(channel, order, (error as Error).message, source);
    }
  }

  async function setOneAside(channel: IntakeChannel, order: ShopOrder, reason: string, source: OrderSource): Promise<TakenOrder> {
    const code: ErrorCode = 'shop_order_unstorable';
    await setAside(db, channel.channel_id, 'order', [{ id: order.id, code, reason }]);
    const row = await findOrder(db, channel.channel_id, order.id);
    if (row) await appendTimeline(db, channel.channel_id, [{ order_id: order.id, kind: 'set_aside', source, detail: reason, dedupe_key: `set_aside:${order.update_time_ms}` }]);
    return { order_id: order.id, outcome: 'failed', is_open: !isFinalStatus(row?.status ?? order.status), was_known: row !== undefined, code, reason };
  }

  return {
    async take(channel, orders, source) {
      const page = newestOfEach(orders).map(storable);
      if (page.length === 0) return [];
      try {
        return await store(channel, page, source);
      } catch (error) {
        if (!isOfTheOrder(error)) throw error;
      }
      const taken: TakenOrder[] = [];
      for (const order of page) taken.push(await storeOne(channel, order, source));
      return taken;
    },
  };
}

const withoutShortfall = ({ shortfall: _shortfall, ...taken }: StoredOrder): TakenOrder => taken;

/** A list that goes on while orders change can name one twice. */
function newestOfEach(orders: readonly ShopOrder[]): ShopOrder[] {
  const newest = new Map<string, ShopOrder>();
  for (const order of orders) {
    const other = newest.get(order.id);
    if (other === undefined || order.update_time_ms >= other.update_time_ms) newest.set(order.id, order);
  }
  return [...newest.values()];
}

/** PostgreSQL refuses these values, or our own code stumbles over them: waiting does not help. Anything else is PostgreSQL's own trouble. */
function isOfTheOrder(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') return /^2[123][0-9A-Z]{3}$/.test(code);
  return error instanceof TypeError || error instanceof RangeError;
}
