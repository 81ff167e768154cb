import { isCancellation, proxyActivities, upsertSearchAttributes } from '@temporalio/workflow';
import type { ProductActivities } from '../activities/shop/products/product.activities.ts';
import type { JobInput } from '../domain/contracts/shop-job.ts';
import { reasonOf } from './sync-products.ts';

const { changeProducts, readProducts } = proxyActivities<ProductActivities>({
  startToCloseTimeout: '30 minutes',
  scheduleToCloseTimeout: '2 hours',
  heartbeatTimeout: '15 seconds',
  retry: { initialInterval: '500ms', maximumInterval: '30 seconds' },
});
const { finishProductJob } = proxyActivities<ProductActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '500ms', maximumInterval: '30 seconds' },
});

/** Activates, deactivates or prices products, then reads them, so that our copy shows it. What failed stands in the job's row, by product or SKU. */
export async function updateProducts({ job_id, workspace_id, channel_id }: JobInput): Promise<void> {
  upsertSearchAttributes({ WorkspaceId: [workspace_id], ...(channel_id !== null && { ChannelId: [channel_id] }) });
  if (channel_id === null) return finishProductJob({ job_id }, { code: 'internal', reason: 'An update of products is one channel’s.' });
  const channel = { workspace_id, channel_id };
  try {
    const updated = await changeProducts({ job_id, ...channel });
    if (updated.kind === 'gone') return;
    if (updated.kind === 'updated') await readProducts({ ...channel, product_ids: updated.product_ids });
    await finishProductJob({ job_id }, updated.kind === 'failed' ? { code: updated.code, reason: updated.reason } : null);
  } catch (error) {
    if (isCancellation(error)) throw error;
    await finishProductJob({ job_id }, reasonOf(error));
  }
}
