import { jobWorkflowId } from '../../domain/names.ts';
import { eventually } from './eventually.ts';
import { createSyncWorld } from './shop-sync.ts';
import { recordHistory } from './record-history.ts';

const SEARCH = '/order/202309/orders/search';

/** Runs of a sync (one of which fails in part, one of a paused channel), and two backfills, one of which TikTok refuses. @returns files */
export async function recordSync(): Promise<string[]> {
  const world = await createSyncWorld();
  const { client } = world;
  const synced = async (): Promise<string> => {
    const { workflowId, result } = await world.startSync();
    await result();
    return workflowId;
  };
  const fetched = async (): Promise<string> => {
    const workflowId = jobWorkflowId(await world.backfill(1));
    await eventually(() => client.workflow.getHandle(workflowId).result().then(() => true));
    return workflowId;
  };
  try {
    await world.startWorker();
    const files = [await recordHistory(client, 'shop-sync', await synced()), await recordHistory(client, 'backfill-orders', await fetched())];
    await world.sandbox.fault({ path: SEARCH, times: 50, answer: { status: 200, code: 105005, message: 'Access denied' } });
    files.push(await recordHistory(client, 'shop-sync-failed', await synced()), await recordHistory(client, 'backfill-orders-failed', await fetched()));
    await world.db.updateTable('channels').set({ state: 'paused' }).execute();
    return [...files, await recordHistory(client, 'shop-sync-paused', await synced())];
  } finally {
    await world.close();
  }
}
