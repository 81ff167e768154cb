import type { Db } from '../../../db/client.ts';
import { insertInventoryRequests } from '../../../db/inventory-request.repository.ts';
import type { ChannelKey } from '../../../domain/contracts/channel.ts';
import type { NewInventoryRequest } from '../../../domain/contracts/shop-job.ts';
import type { ShopWorkflows } from '../shop-workflows.ts';

export interface InventoryIntake {
  /**
   * Stores values for the stock and wakes the workflows that send them. A repeat, known by its dedupe_key, stores nothing and wakes them again.
   * @returns ids of the new ones
   * @throws where PostgreSQL or Temporal can not be reached; what was stored then goes with the channel's next wake, and a repeat is safe
   */
  accept(requests: readonly NewInventoryRequest[]): Promise<string[]>;
}

export function createInventoryIntake({ db, workflows }: { db: Db; workflows: Pick<ShopWorkflows, 'wakeStock'> }): InventoryIntake {
  return {
    async accept(requests) {
      const ids = await insertInventoryRequests(db, requests);
      for (const channel of channelsOf(requests)) await workflows.wakeStock(channel);
      return ids;
    },
  };
}

/** Each channel once. */
export function channelsOf(requests: readonly ChannelKey[]): ChannelKey[] {
  const channels = new Map(requests.map(({ channel_id, workspace_id }) => [channel_id, { channel_id, workspace_id }]));
  return [...channels.values()];
}
