import { createJob } from '../../db/job.repository.ts';
import { refreshProductsWorkflowId, jobWorkflowId } from '../../domain/names.ts';
import { endedJob, productActivities, runJob, startSync } from './products.ts';
import { recordHistory } from './record-history.ts';
import { UK } from './shop-sandbox.ts';
import { createShopWorld, type ShopWorld } from './shop-world.ts';

/** Each runs a workflow to its end and gives its id. */
const RECORDINGS: Record<string, (world: ShopWorld) => Promise<string>> = {
  'sync-products': recordSync,
  'refresh-products': recordRefresh,
  'update-products': recordUpdate,
};
export const PRODUCT_RECORDINGS = Object.keys(RECORDINGS);

/** @returns the files */
export async function recordProducts(names: readonly string[]): Promise<string[]> {
  const world = await createShopWorld();
  await world.worker(productActivities(world));
  const files: string[] = [];
  try {
    for (const name of names) files.push(await recordHistory(world.client, name, await RECORDINGS[name]!(world)));
    return files;
  } finally {
    await world.close();
  }
}

/** A list whose second try begins where TikTok's fault was. */
async function recordSync(world: ShopWorld): Promise<string> {
  await world.sandbox.fault({ path: '/product/202502/products/search', answer: { status: 500 } });
  const id = await startSync(world);
  await endedJob(world, id);
  await world.client.workflow.getHandle(jobWorkflowId(id)).result();
  return jobWorkflowId(id);
}

/** Words that come together, a product that is there and one that never was. */
async function recordRefresh(world: ShopWorld): Promise<string> {
  const { products } = await world.sandbox.control('POST', '/products', { shop_id: world.sandbox.shopId(UK), count: 2 });
  const id = refreshProductsWorkflowId(world.uk.channel_id);
  await world.workflows.productsChanged(world.uk, [products[0].id, '1729999999999999993']);
  await world.workflows.productsChanged(world.uk, [products[1].id]);
  await world.client.workflow.getHandle(id).result();
  return id;
}

async function recordUpdate(world: ShopWorld): Promise<string> {
  const { products } = await world.sandbox.control('POST', '/products', { shop_id: world.sandbox.shopId(UK), count: 1, status: 'ACTIVATE' });
  const { channel_id, workspace_id } = world.uk;
  const params = { kind: 'product_update', action: 'deactivate', product_ids: [products[0].id, '1729999999999999994'] } as const;
  const job_id = await createJob(world.db, { workspace_id, channel_id, kind: 'product_update', params: { ...params, product_ids: [...params.product_ids] }, created_by: null });
  await runJob(world, 'updateProducts', { job_id, workspace_id, channel_id });
  await endedJob(world, job_id);
  await world.client.workflow.getHandle(jobWorkflowId(job_id)).result();
  return jobWorkflowId(job_id);
}
