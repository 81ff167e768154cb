import type { SetAside } from '../../../db/shop-set-aside.repository.ts';
import type { ChannelKey } from '../../../domain/contracts/channel.ts';
import type { ShopOrder } from '../../../domain/contracts/shop-api.ts';
import type { OrderSource } from '../../../domain/contracts/shop-order.ts';
import { eachInLanes } from '../../actions/each-in-lanes.ts';
import type { ErrorLog } from '../../live/log.ts';
import type { ShopWorkflows } from '../shop-workflows.ts';

/** Temporal's development server takes some 40 starts a second, whoever waits. */
const LANES = 16;

export interface OrderTelling {
  /**
   * Tells the orders' workflows that there may be news; they need no call for an order that is stored as it is now.
   * @returns those of which Temporal would not hear
   * @throws the first failure where Temporal would hear of none of several: then it is away, and the orders are not to blame
   */
  tell(channel: ChannelKey, orders: readonly Pick<ShopOrder, 'id' | 'update_time_ms'>[], source: OrderSource): Promise<SetAside[]>;
}

export function createOrderTelling({ workflows, logger }: { workflows: Pick<ShopWorkflows, 'orderChanged'>; logger: ErrorLog }): OrderTelling {
  return {
    async tell({ channel_id, workspace_id }, orders, source) {
      const failures: { error: unknown; order_id: string }[] = [];
      let succeeded = 0;
      await eachInLanes(orders, LANES, async ({ id: order_id, update_time_ms }) => {
        // All of the first ones failed: the others would each wait as long to learn the same.
        if (succeeded === 0 && failures.length >= LANES) return;
        try {
          await workflows.orderChanged({ channel_id, workspace_id, order_id }, { source, news: 'order', update_time_ms });
          succeeded += 1;
        } catch (error) {
          failures.push({ error, order_id });
        }
      });
      if (failures.length > 1 && succeeded === 0) throw failures[0]!.error;
      for (const { error, order_id } of failures) logger.warn({ err: error, channel_id, order_id }, 'an order’s workflow could not be told; the order is set aside');
      return failures.map(({ error, order_id }) => ({ id: order_id, code: 'unavailable', reason: `Temporal would not start or signal the order’s workflow: ${messageOf(error)}` }));
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
