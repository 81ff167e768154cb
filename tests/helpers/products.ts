import { randomUUID } from 'node:crypto';
import { createProductActivities } from '../../activities/shop/products/product.activities.ts';
import type { Db } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import { createJob, findJob, type JobRow } from '../../db/job.repository.ts';
import type { ShopProduct, ShopSku } from '../../domain/contracts/shop-api.ts';
import type { JobInput } from '../../domain/contracts/shop-job.ts';
import type { ProductMessage } from '../../domain/contracts/shop-message.ts';
import { jobWorkflowId } from '../../domain/names.ts';
import { eventually } from './eventually.ts';
import type { ShopWorld } from './shop-world.ts';

/** A channel straight in the tables, without tokens: for what never calls TikTok. */
export async function seedBareChannel(db: Db, workspace_id: string, over: { shop_id?: string; state?: 'active' | 'paused' } = {}): Promise<string> {
  const { shop_id = randomUUID(), state = 'active' } = over;
  const [authorization_id, id] = [newId(), newId()];
  await db
    .insertInto('shop_authorizations')
    .values({ id: authorization_id, workspace_id, open_id: shop_id, seller_name: null, seller_base_region: null, granted_scopes: [], state: 'connected', token_version: 1, state_code: null, state_reason: null, access_token: 'sealed', refresh_token: 'sealed', token_obtained_at: new Date(), access_expires_at: new Date(), refresh_expires_at: new Date(), refresh_sent_version: null, last_refreshed_at: null, last_refresh_error: null, connected_by: null })
    .execute();
  await db
    .insertInto('channels')
    .values({ id, workspace_id, authorization_id, shop_id, shop_cipher: 'sealed', name: 'Shop', region: 'GB', seller_type: 'LOCAL', code: null, state, state_code: null, state_reason: null, paused_at: null, disconnected_at: null })
    .execute();
  return id;
}

export const shopSku = (id: string, over: Partial<ShopSku> = {}): ShopSku => ({
  id,
  seller_sku: `S-${id}`,
  price: { amount: 1_499, currency: 'GBP' },
  inventory: [{ warehouse_id: 'w1', quantity: 10 }],
  status: 'NORMAL',
  attributes: [],
  ...over,
});

/** As a search gives it. */
export const shopProduct = (id: string, over: Partial<ShopProduct> = {}): ShopProduct => ({
  id,
  title: `Lamp ${id}`,
  status: 'ACTIVATE',
  audit_status: 'APPROVED',
  description: null,
  image_urls: [],
  skus: [shopSku(`${id}1`)],
  create_time_ms: 1_700_000_000_000,
  update_time_ms: 1_700_000_000_000,
  detailed: false,
  ...over,
});

/** The role shop as far as products go, in this process. */
export const productActivities = ({ db, tiktok, calls, events, publishes, client, prefix, log }: ShopWorld) =>
  createProductActivities({ db, tiktok, calls, events, publishes, client, taskQueuePrefix: prefix, logger: log, openForMs: 0 });

/** Calls that reached the sandbox, by path. */
export async function callsTo(world: ShopWorld, path: string): Promise<number> {
  const { calls } = await world.sandbox.control('GET', `/calls?path=${encodeURIComponent(path)}`);
  return calls.length;
}

/** Keeps a sync of the channel's products and starts its workflow. */
export async function startSync(world: ShopWorld, { channel_id, workspace_id } = world.uk): Promise<string> {
  const job_id = await createJob(world.db, { workspace_id, channel_id, kind: 'product_sync', params: { kind: 'product_sync' }, created_by: null });
  await runJob(world, 'syncProducts', { job_id, workspace_id, channel_id });
  return job_id;
}

export const runJob = (world: ShopWorld, workflow: string, input: JobInput) =>
  world.client.workflow.start(workflow, { taskQueue: world.queue, workflowId: jobWorkflowId(input.job_id), args: [input] });

/** The job as it is when it has ended. */
export const endedJob = (world: ShopWorld, jobId: string, timeoutMs = 30_000): Promise<JobRow> =>
  eventually(async () => {
    const job = await findJob(world.db, world.workspace_id, jobId);
    return job !== undefined && job.finished_at !== null && job;
  }, { timeoutMs }) as Promise<JobRow>;

export const productRows = (world: ShopWorld, channelId = world.uk.channel_id) =>
  world.db.selectFrom('shop_products').selectAll().where('channel_id', '=', channelId).orderBy('product_id').execute();

/** What other systems were told of products, in their order. */
export const productMessages = async (db: Db): Promise<ProductMessage[]> =>
  (await db.selectFrom('shop_outbox').select('body').where('type', '=', 'product').orderBy('seq').execute()).map(({ body }) => body as ProductMessage);
