import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { insertInventoryRequests, listInventoryRequests } from '../../db/inventory-request.repository.ts';
import { createJob } from '../../db/job.repository.ts';
import { INVENTORY_REQUEST_STATES, INVENTORY_SOURCES, type NewInventoryRequest } from '../../domain/contracts/shop-job.ts';
import { ERRORS } from '../../domain/errors.ts';
import { findChannel } from '../../db/channel.repository.ts';
import { requireChannel } from '../channel-of.ts';
import { createRouter, type AppEnv, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError, fieldError } from '../errors.ts';
import { idBefore, pageQuery, pageSchema, toIdPage } from '../paging.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { EXAMPLE_ID } from '../schemas/common.ts';
import { inventoryRequestSchema, inventoryResultSchema, manyInventoryInput, productInventoryInput, toInventoryRequest, type InventoryItem } from '../schemas/inventory.ts';
import { oneOrMore } from '../schemas/query.ts';
import { uuid } from '../schemas/uuid.ts';

const tags = ['Inventory'];
/** How long a person waits for the result before the job goes on without. */
const WAIT_MS = 10_000;
const MANY_BYTES = 512 * 1_024;

const results = {
  200: jsonAnswer(inventoryResultSchema, 'Every value is settled: applied, superseded, or failed with its reason.'),
  202: jsonAnswer(inventoryResultSchema, 'Some values are still on their way, or wait for a paused channel; GET /jobs/{id} shows the rest.'),
};

const updateProduct = apiRoute({
  method: 'post',
  path: '/products/{product_id}/inventory/update',
  access: 'inventory.edit',
  tags,
  summary: 'Set the stock of SKUs of one product',
  description: 'What TikTok is told is quantity less what is sold: see docs/shop-stock.md. One SKU that fails does not hold the others.',
  request: {
    params: z.object({ product_id: z.string().regex(/^\d{1,20}$/, 'is digits').openapi({ example: '1729592969712207000' }) }),
    query: z.object({ channel_uid: uuid().openapi({ example: EXAMPLE_ID }) }),
    body: jsonBodyOf(productInventoryInput),
  },
  responses: results,
});

const updateMany = apiRoute({
  method: 'post',
  path: '/products/inventory-update/multiple',
  access: 'inventory.edit',
  tags,
  summary: 'Set the stock of up to 1,000 SKUs of any of the workspace’s channels',
  description: 'As for one product; each value has a result of its own.',
  maxBodyBytes: MANY_BYTES,
  request: { body: jsonBodyOf(manyInventoryInput) },
  responses: results,
});

const list = apiRoute({
  method: 'get',
  path: '/products/inventory-update/multiple',
  access: 'inventory.view',
  tags,
  summary: 'List the values that were asked for, newest first',
  request: {
    query: pageQuery.extend({
      job_id: uuid().optional().openapi({ example: EXAMPLE_ID }),
      channel_uid: uuid().optional().openapi({ example: EXAMPLE_ID }),
      sku_id: z.string().min(1).max(20).optional().openapi({ example: '1729592969712207009' }),
      state: oneOrMore(INVENTORY_REQUEST_STATES, 'Only these states.').optional(),
      source: oneOrMore(INVENTORY_SOURCES, 'Only from there.').optional(),
    }),
  },
  responses: { 200: jsonAnswer(pageSchema(inventoryRequestSchema), 'One page.') },
});

/** Stock: asked for here, sent by each channel's own workflow. To be mounted before /products/{product_id}. */
export function inventoryRoutes({ db, temporal }: ApiDeps): Router {
  /** Stores values and job, all or none, and waits a little for what becomes of them. */
  const carryOut = async (c: Context<AppEnv>, items: readonly Omit<NewInventoryRequest, 'workspace_id' | 'source' | 'job_id' | 'dedupe_key'>[]) => {
    const workspace_id = c.get('workspace').id;
    const [only] = new Set(items.map(({ channel_id }) => channel_id)).size === 1 ? items : [];
    const channel_id = only?.channel_id ?? null;
    const { job_id, ids } = await db.transaction().execute(async (trx) => {
      const job_id = await createJob(trx, { workspace_id, channel_id, kind: 'inventory_update', params: { kind: 'inventory_update' }, total: items.length, created_by: c.get('userId') });
      const ids = await insertInventoryRequests(trx, items.map((item) => ({ ...item, workspace_id, source: 'http', job_id, dedupe_key: null })));
      return { job_id, ids };
    });
    // Where Temporal is away the values are kept all the same: jobs that are not followed are started again.
    await temporal.shop
      .startJob('inventory_update', { job_id, workspace_id, channel_id })
      .then(() => temporal.shop.awaitJob(job_id, WAIT_MS))
      .catch((error: unknown) => {
        c.get('log').warn({ err: error, job_id }, 'the job is kept, and could not be followed');
      });
    const rows = new Map((await listInventoryRequests(db, { workspace_id, job_id, limit: items.length })).map((row) => [row.id, row]));
    const answer = { job_id, items: ids.map((id) => toInventoryRequest(rows.get(id)!)) };
    c.header('Location', `/jobs/${job_id}`);
    return answer.items.every(({ state }) => state !== 'received') ? c.json(answer, 200) : c.json(answer, 202);
  };

  return createRouter()
    .openapi(updateMany, async (c) => {
      const { items } = c.req.valid('json');
      await demandChannels(c, items);
      return carryOut(c, items.map(({ channel_uid, ...item }) => ({ channel_id: channel_uid, ...valueOf(item), product_id: item.product_id ?? null, sku_id: item.sku_id ?? null, seller_sku: item.seller_sku ?? null })));
    })
    .openapi(list, async (c) => {
      const { limit, cursor, channel_uid, ...filter } = c.req.valid('query');
      const rows = await listInventoryRequests(db, { ...filter, channel_id: channel_uid, workspace_id: c.get('workspace').id, before: idBefore(cursor), limit: limit + 1 });
      return c.json(toIdPage(rows, limit, toInventoryRequest), 200);
    })
    .openapi(updateProduct, async (c) => {
      const { channel_uid } = c.req.valid('query');
      const { product_id } = c.req.valid('param');
      const channel = await requireChannel(db, c.get('workspace').id, channel_uid);
      if (channel.state === 'disconnected') throw new ApiError('shop_channel_disconnected');
      return carryOut(c, c.req.valid('json').skus.map(({ sku_id, ...item }) => ({ channel_id: channel.id, product_id, sku_id, seller_sku: null, ...valueOf(item) })));
    });

  async function demandChannels(c: Context<AppEnv>, items: readonly InventoryItem[]): Promise<void> {
    const workspaceId = c.get('workspace').id;
    for (const channel_uid of new Set(items.map((item) => item.channel_uid))) {
      const channel = await findChannel(db, workspaceId, channel_uid);
      const field = `items.${items.findIndex((item) => item.channel_uid === channel_uid)}.channel_uid`;
      if (!channel) throw fieldError(field, 'is no channel of this workspace');
      if (channel.state === 'disconnected') throw fieldError(field, ERRORS.shop_channel_disconnected.message);
    }
  }
}

const valueOf = ({ quantity, basis, warehouse_id, as_of }: Pick<InventoryItem, 'quantity' | 'basis' | 'warehouse_id' | 'as_of'>) => ({
  quantity,
  basis,
  warehouse_id: warehouse_id ?? null,
  as_of_ms: as_of === undefined ? Date.now() : Date.parse(as_of),
});
