import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createShippingActivities } from '../../activities/shop/shipping/shipping.activities.ts';
import { fetchLabelWorkflowId } from '../../domain/names.ts';
import { createLocalStorage } from '../../media/local-storage.ts';
import { recordHistory } from './record-history.ts';
import { INDONESIA } from './shop-sandbox.ts';
import { createShopWorld } from './shop-world.ts';

/** A label that TikTok is still making, and then gives. @returns the file */
export async function recordLabel(): Promise<string> {
  const [world, folder] = await Promise.all([createShopWorld(), mkdtemp(join(tmpdir(), 'showrunner-labels-'))]);
  const { db, tiktok, calls, workflows, log: logger, sandbox, workspace_id, indonesia } = world;
  try {
    await world.worker(createShippingActivities({ db, tiktok, calls, workflows, logger, media: createLocalStorage(folder) }));
    const { id } = await sandbox.newOrder(INDONESIA, { shipping_type: 'TIKTOK' });
    const [order] = (await sandbox.call('/order/202507/orders', { query: { ids: id }, shop: INDONESIA })).data.orders;
    const package_id: string = order.packages[0].id;
    await sandbox.post(`/fulfillment/202309/packages/${package_id}/ship`, {}, { shop: INDONESIA });
    await sandbox.fault({ path: '/fulfillment/202309/packages/{package_id}/shipping_documents', answer: { status: 200, code: 11034023, message: 'The document is still being generated.' } });
    const input = { channel_id: indonesia.channel_id, workspace_id, package_id, type: 'SHIPPING_LABEL' as const, size: null };
    const workflowId = fetchLabelWorkflowId(input);
    await world.client.workflow.execute('fetchLabel', { taskQueue: world.queue, workflowId, args: [input] });
    return await recordHistory(world.client, 'fetch-label', workflowId);
  } finally {
    await world.close();
    await rm(folder, { recursive: true, force: true });
  }
}
