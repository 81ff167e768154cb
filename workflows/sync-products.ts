import { ActivityFailure, ApplicationFailure, isCancellation, proxyActivities, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { ProductActivities } from '../activities/shop/products/product.activities.ts';
import type { JobInput } from '../domain/contracts/shop-job.ts';
import type { ErrorCode } from '../domain/errors.ts';

// A worker that is gone is noticed by its heartbeat, and the next one goes on at the same page. TikTok being down is waited for.
const { syncAllProducts, checkUnseenProducts } = proxyActivities<ProductActivities>({
  startToCloseTimeout: '6 hours',
  scheduleToCloseTimeout: '12 hours',
  heartbeatTimeout: '15 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});
const { finishProductJob, sweepJobs: sweep } = proxyActivities<ProductActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '500ms', maximumInterval: '30 seconds' },
});

/** Lists all products of a channel, and asks for those that the list no longer shows. How far it is, and what failed, stands in the job's row. */
export async function syncProducts({ job_id, workspace_id, channel_id }: JobInput): Promise<void> {
  upsertSearchAttributes({ WorkspaceId: [workspace_id], ...(channel_id !== null && { ChannelId: [channel_id] }) });
  if (channel_id === null) return finishProductJob({ job_id }, { code: 'internal', reason: 'A sync of products is one channel’s.' });
  const job = { job_id, workspace_id, channel_id };
  try {
    const listed = await syncAllProducts(job);
    if (listed.kind === 'gone') return;
    if (listed.kind === 'failed') return await finishProductJob({ job_id }, { code: listed.code, reason: listed.reason });
    setCurrentDetails('The list is through; products that it did not show are asked for.');
    await checkUnseenProducts({ ...job, started_ms: listed.started_ms });
    await finishProductJob({ job_id }, null);
  } catch (error) {
    if (isCancellation(error)) throw error;
    await finishProductJob({ job_id }, reasonOf(error));
  }
}

/** Every minute, by a Schedule: jobs of every kind whose workflow could not be started. */
export async function sweepJobs(): Promise<number> {
  return sweep();
}

/** The last failure of an activity that was given up; its type is one of our codes where TikTok gave the reason. */
export function reasonOf(error: unknown): { code: ErrorCode; reason: string } {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ApplicationFailure && /^(shop|tiktok)_/.test(cause.type ?? '')) return { code: cause.type as ErrorCode, reason: cause.message };
  }
  const last = error instanceof ActivityFailure ? error.cause : error;
  return { code: 'internal', reason: last instanceof Error ? last.message : String(last) };
}
