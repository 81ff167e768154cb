import { continueAsNew, proxyActivities, setCurrentDetails, sleep, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { StockActivities } from '../activities/shop/stock/stock.activities.ts';
import type { JobInput } from '../domain/contracts/shop-job.ts';

const { startInventoryJob, followInventoryJob } = proxyActivities<StockActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '500ms', maximumInterval: '30 seconds' },
});

const FIRST_LOOK_MS = 200;
/** A paused channel may keep a job waiting for days. */
const RAREST_LOOK_MS = 60_000;
const MAX_HISTORY = 2_000;

/** Many SKUs over many channels: wakes the writer of each channel, and waits until every value is settled. */
export async function updateInventory(input: JobInput & { carried?: { look_ms: number } }): Promise<void> {
  const { carried, ...job } = input;
  let lookMs = carried?.look_ms ?? FIRST_LOOK_MS;
  upsertSearchAttributes({ WorkspaceId: [job.workspace_id], ...(job.channel_id === null ? {} : { ChannelId: [job.channel_id] }) });
  if (!carried) await startInventoryJob(job);
  while (!(await followInventoryJob(job))) {
    setCurrentDetails('Waits for the channels to send its values.');
    if (workflowInfo().historyLength > MAX_HISTORY) return continueAsNew<typeof updateInventory>({ ...job, carried: { look_ms: lookMs } });
    await sleep(lookMs);
    lookMs = Math.min(Math.round(lookMs * 1.5), RAREST_LOOK_MS);
  }
}
