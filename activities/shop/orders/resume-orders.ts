import type { Db } from '../../../db/client.ts';
import { listOpenOrderIds } from '../../../db/order-list.repository.ts';
import type { ChannelKey } from '../../../domain/contracts/channel.ts';
import { eachInLanes } from '../../actions/each-in-lanes.ts';
import type { ShopWorkflows } from '../shop-workflows.ts';

const PAGE = 1_000;
/** Temporal takes some hundred signals a second; what is left looks at its channel by itself, in minutes. */
const MOST_PAGES = 10;
const LANES = 16;

/** Tells the workflows of a channel's open orders that it can be used again: some wait for that. Runs within an activity. */
export async function resumeOrders({ db, workflows }: { db: Db; workflows: Pick<ShopWorkflows, 'orderResumed'> }, channel: ChannelKey): Promise<void> {
  let after = '';
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const ids = await listOpenOrderIds(db, channel.channel_id, after, PAGE);
    await eachInLanes(ids, LANES, (order_id) => workflows.orderResumed({ ...channel, order_id }));
    if (ids.length < PAGE) return;
    after = ids.at(-1)!;
  }
}
