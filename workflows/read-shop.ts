import { proxyActivities, sleep, upsertSearchAttributes } from '@temporalio/workflow';
import type { ShopAccountActivities } from '../activities/shop/accounts/accounts.activities.ts';
import type { ReadShopInput } from '../domain/contracts/channel.ts';

/** A person waits for the answer. */
const PAUSES_MS = [300, 1_500];

const activities = proxyActivities<ShopAccountActivities>({
  startToCloseTimeout: '50s',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '200ms', maximumInterval: '2s', maximumAttempts: 5 },
});

/** Asks TikTok Shop for a person who waits, again briefly where that helps. The answer, or TikTok's no, is in the row of shop_reads. */
export async function readShop(input: ReadShopInput): Promise<void> {
  upsertSearchAttributes({ WorkspaceId: [input.workspace_id], ChannelId: [input.channel_id] });
  let { again_after_ms } = await activities.readShop(input);
  for (const pause of PAUSES_MS) {
    if (again_after_ms === null) return;
    await sleep(Math.max(pause, again_after_ms));
    ({ again_after_ms } = await activities.readShop(input));
  }
}
