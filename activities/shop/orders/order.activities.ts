import { Context } from '@temporalio/activity';
import { findChannelById } from '../../../db/channel.repository.ts';
import { appendTimeline, findOrder, listOpenOrders } from '../../../db/order.repository.ts';
import type { FollowedOrder, OrderKey } from '../../../domain/contracts/shop-order.ts';
import { eachInLanes } from '../../actions/each-in-lanes.ts';
import { heartbeating } from '../../actions/heartbeating.ts';
import { createFollowOrder, setMissingAside, type FollowOrderDeps, type FollowOrderInput } from './follow-order.ts';
import { readLife } from './order-life.ts';
import { notifyDeadline } from './order-notices.ts';

export interface OrderActivitiesDeps extends FollowOrderDeps {
  /** Starts the order's workflow; nothing happens where it runs. */
  startFulfilment: (order: OrderKey) => Promise<void>;
}

export interface DeadlineInput extends OrderKey {
  kind: 'warned' | 'escalated';
  ship_by_ms: number;
}

/** Where the sweep goes on; null: from the start. */
export interface SweepPlace {
  channel_id: string;
  order_id: string;
}

/** Orders that one sweep looks after: Temporal takes some hundred starts a second, and they end at once where the workflow runs. */
const SWEPT = 2_000;
const LANES = 8;

export function createOrderActivities(deps: OrderActivitiesDeps) {
  const { db, pool, startFulfilment } = deps;
  const follow = createFollowOrder(deps);
  return {
    /** Asks TikTok for what news say may be new of an order, and stores it. */
    followOrder: (input: FollowOrderInput): Promise<FollowedOrder> => heartbeating(() => follow(input, Context.current().cancellationSignal)),

    /** Tells people that an order's deadline is near, once, unless it has been shipped or has another deadline now. */
    async noteDeadline({ kind, ship_by_ms, ...order }: DeadlineInput): Promise<void> {
      const row = await findOrder(db, order.channel_id, order.order_id);
      const channel = row && (await findChannelById(db, order.channel_id));
      if (!row || !channel || (await readLife(db, row)).ship_by_ms !== ship_by_ms) return;
      const by = new Date(ship_by_ms);
      await notifyDeadline(pool, { channel_id: channel.id, workspace_id: channel.workspace_id, name: channel.name }, order.order_id, kind, by);
      await appendTimeline(db, order.channel_id, [{ order_id: order.order_id, kind, source: null, detail: `To be shipped by ${by.toISOString()}.`, dedupe_key: `${kind}:${ship_by_ms}` }]);
    },

    /** An order that TikTok told of and never showed. */
    setMissingAside: (order: OrderKey): Promise<void> => setMissingAside(db, order),

    /**
     * Starts the workflows of open orders where they don't run: Temporal was away when they were stored, or has lost them.
     * @returns where the next sweep goes on; null: all have been looked after
     */
    async sweepOrders(after: SweepPlace | null): Promise<SweepPlace | null> {
      const orders = await listOpenOrders(db, after, SWEPT);
      await eachInLanes(orders, LANES, startFulfilment);
      return orders.length < SWEPT ? null : orders.at(-1)!;
    },
  };
}

export type OrderActivities = ReturnType<typeof createOrderActivities>;
