import { isCancellation, proxyActivities, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { SyncActivities } from '../activities/shop/sync/sync.activities.ts';
import type { JobInput } from '../domain/contracts/shop-job.ts';
import { causeOf } from './sync/cause-of.ts';

/** Fetches the orders of a span of time for a person; what it has to do and how far it is stands in the job's row. */
export async function backfillOrders(input: JobInput & { timings?: { retry_initial_ms: number; retry_max_ms: number } }): Promise<void> {
  const { retry_initial_ms, retry_max_ms } = { retry_initial_ms: 1_000, retry_max_ms: 60_000, ...input.timings };
  const retry = { initialInterval: retry_initial_ms, backoffCoefficient: 2, maximumInterval: retry_max_ms };
  // A year of a large shop is some hours of pages; an outage of TikTok's is waited out.
  const { fetchOrdersOfJob } = proxyActivities<SyncActivities>({ startToCloseTimeout: '12 hours', heartbeatTimeout: '10 seconds', retry: { ...retry, maximumAttempts: 30 } });
  const { failOrdersJob } = proxyActivities<SyncActivities>({ startToCloseTimeout: '10 seconds', retry });
  const { job_id, workspace_id, channel_id } = input;
  upsertSearchAttributes({ WorkspaceId: [workspace_id], ...(channel_id === null ? {} : { ChannelId: [channel_id] }) });
  try {
    const { done, failed, calls } = await fetchOrdersOfJob({ job_id, workspace_id, channel_id });
    setCurrentDetails(`${done} orders fetched, ${failed} set aside, ${calls} calls.`);
  } catch (error) {
    if (isCancellation(error)) throw error;
    const cause = causeOf(error);
    setCurrentDetails(cause.reason);
    await failOrdersJob({ job_id, ...cause });
  }
}
