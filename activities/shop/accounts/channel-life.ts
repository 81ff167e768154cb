import { listAuthorizationChannels, type ChannelRow } from '../../../db/channel.repository.ts';
import type { Db } from '../../../db/client.ts';
import type { AuthorizationKey, ChannelKey } from '../../../domain/contracts/channel.ts';
import { resumeOrders } from '../orders/resume-orders.ts';
import type { ShopWorkflows } from '../shop-workflows.ts';
import type { SyncSchedules } from '../sync-schedules.ts';

export interface ChannelLifeDeps {
  db: Db;
  workflows: Pick<ShopWorkflows, 'wakeStock' | 'wakeWebhooks' | 'orderResumed'>;
  schedules: SyncSchedules;
}

/** What follows where channels were connected, paused or disconnected. */
export function createChannelLifeActivities({ db, workflows, schedules }: ChannelLifeDeps) {
  const channelsOf = async ({ authorization_id }: AuthorizationKey, state: ChannelRow['state']) =>
    (await listAuthorizationChannels(db, authorization_id)).filter((channel) => channel.state === state);

  return {
    /** Has active channels synchronized from now on, what was missed meanwhile first, and orders that wait followed on. */
    async runSyncs(key: AuthorizationKey): Promise<void> {
      const active = await channelsOf(key, 'active');
      for (const channel of active) {
        await schedules.ensure(keyOf(channel));
        await schedules.trigger(keyOf(channel));
        await workflows.wakeStock(keyOf(channel));
        await workflows.wakeWebhooks(channel.shop_id);
      }
      for (const channel of active) await resumeOrders({ db, workflows }, keyOf(channel));
    },

    /** Nothing is asked for paused channels. */
    async pauseSyncs(key: AuthorizationKey): Promise<void> {
      for (const channel of await channelsOf(key, 'paused')) await schedules.pause(keyOf(channel), channel.state_reason ?? 'The channel is paused.');
    },

    removeSync: (channel: ChannelKey): Promise<void> => schedules.remove({ channel_id: channel.channel_id, workspace_id: channel.workspace_id }),
  };
}

const keyOf = ({ id, workspace_id }: ChannelRow): ChannelKey => ({ channel_id: id, workspace_id });
