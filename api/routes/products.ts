import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { JobRow } from '../../db/job.repository.ts';
import { findProduct, listProducts, skusOfOthers } from '../../db/product-list.repository.ts';
import type { Page, ShopProduct } from '../../domain/contracts/shop-api.ts';
import type { JobParams } from '../../domain/contracts/shop-job.ts';
import { requireChannel, requireUsableChannel } from '../channel-of.ts';
import { createRouter, type AppEnv, type Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError, fieldError } from '../errors.ts';
import { decodeCursor, pageQuery, pageSchema, toPage } from '../paging.ts';
import { apiRoute, jsonAnswer, jsonBodyOf } from '../route.ts';
import { jobLocation, startedJobSchema, toListedJob } from '../schemas/job.ts';
import {
  changedSchema,
  EXAMPLE_PRODUCT,
  priceBody,
  productDetailSchema,
  productSchema,
  switchBody,
  tiktokPageSchema,
  toAskedProduct,
  toProduct,
  toProductDetail,
  toTikTokProduct,
} from '../schemas/product.ts';
import { yesOrNo } from '../schemas/query.ts';
import { channelUid, tiktokId } from '../schemas/shipping.ts';
import { askShop } from '../shop-read.ts';
import { awaitJob, startJob } from '../start-job.ts';

const tags = ['Products'];
const PRODUCT_STATUSES = ['DRAFT', 'PENDING', 'FAILED', 'ACTIVATE', 'SELLER_DEACTIVATED', 'PLATFORM_DEACTIVATED', 'FREEZE', 'DELETED'] as const;
/** Most that a person waits for a change of products; then the job's id is the answer. */
const PATIENCE_MS = 10_000;

const ofChannel = z.object({ channel_uid: channelUid });
const productParam = z.object({ product_id: tiktokId(EXAMPLE_PRODUCT).openapi({ param: { name: 'product_id', in: 'path' } }) });
const started = { ...jsonAnswer(startedJobSchema, 'The job; Location says where it is shown.'), headers: jobLocation };
const changed = { 200: jsonAnswer(changedSchema, 'Done; what TikTok did not do has its reason.'), 202: { ...started, description: 'It takes longer: GET /jobs/{id} shows how far it is.' } };

const fetching = {
  access: 'products.edit',
  tags,
  summary: 'Fetch all products of a channel from TikTok',
  description: 'Starts a job that brings our copy to what TikTok has, in pages of 100, and marks what TikTok has no more. While one runs, a second call gets the same job.',
  request: { query: ofChannel },
  responses: { 202: started },
} as const;
const fetchAll = apiRoute({ method: 'get', path: '/products/fetch-all', ...fetching });
const postFetchAll = apiRoute({ method: 'post', path: '/products/fetch-all', ...fetching });

const all = apiRoute({
  method: 'get',
  path: '/products/all',
  access: 'products.view',
  tags,
  summary: 'List products at TikTok, at once',
  request: {
    query: ofChannel.extend({
      page_size: z.coerce.number().int().min(1).max(100).default(100).openapi({ example: 100 }),
      page_token: z.string().min(1).max(2_000).optional().openapi({ description: 'next_page_token of the answer before.' }),
      status: z.enum(PRODUCT_STATUSES).optional().openapi({ example: 'ACTIVATE' }),
    }),
  },
  responses: { 200: jsonAnswer(tiktokPageSchema, 'As TikTok has it now.') },
});

const list = apiRoute({
  method: 'get',
  path: '/products',
  access: 'products.view',
  tags,
  summary: 'List our copy of the products, with their stock',
  request: {
    query: pageQuery.extend({
      channel_uid: channelUid.optional(),
      q: z.string().trim().min(1).max(100).optional().openapi({ example: 'lamp', description: 'Part of the title or of a seller’s SKU, or TikTok’s id of product or SKU.' }),
      status: z
        .string()
        .max(200)
        .regex(/^[A-Z_]+(,[A-Z_]+)*$/, 'must be statuses of TikTok’s, with commas between them')
        .transform((text) => text.split(','))
        .optional()
        .openapi({ type: 'string', example: 'ACTIVATE', description: 'Only these of TikTok’s statuses.' }),
      seller_sku: z.string().min(1).max(200).optional().openapi({ example: 'LAMP-RED', description: 'Only the product that has it.' }),
      low_stock: yesOrNo('Only products with a SKU of at most 5 units, or only those without.').optional(),
      removed: yesOrNo('true: those that TikTok has no more, in place of those that it has.').optional(),
    }),
  },
  responses: { 200: jsonAnswer(pageSchema(productSchema), 'One page.') },
});

const read = apiRoute({
  method: 'get',
  path: '/products/{product_id}',
  access: 'products.view',
  tags,
  summary: 'Show a product',
  description: 'Our copy; TikTok is asked where we have none, or with source=tiktok.',
  request: { params: productParam, query: ofChannel.extend({ source: z.enum(['ours', 'tiktok']).optional() }) },
  responses: { 200: jsonAnswer(productDetailSchema, 'The product.') },
});

const updatePrices = apiRoute({
  method: 'post',
  path: '/products/{product_id}/prices/update',
  access: 'products.edit',
  tags,
  summary: 'Set prices of a product, by SKU',
  description: 'SKUs that are not named keep their price. TikTok takes prices of live products (ACTIVATE) that are in no promotion.',
  request: { params: productParam, query: ofChannel, body: jsonBodyOf(priceBody) },
  responses: changed,
});

const switching = (action: 'activate' | 'deactivate', summary: string, description: string) =>
  apiRoute({ method: 'post', path: `/products/${action}`, access: 'products.edit', tags, summary, description, request: { body: jsonBodyOf(switchBody) }, responses: changed });
const activate = switching('activate', 'Put products on sale', 'TikTok reviews them again: PENDING until then. Those that are on sale or in review already count as done.');
const deactivate = switching('deactivate', 'Take products off sale', 'Those that are off sale already count as done.');

const cursorSchema = z.tuple([z.uuid(), z.string()]);

/** Products of the channels: our copy, TikTok's own word, and changes. */
export function productRoutes(deps: ApiDeps): Router {
  const { db } = deps;

  async function sync(c: Context<AppEnv>, channelUid: string) {
    const { id, workspace_id } = await requireUsableChannel(db, c.get('workspace').id, channelUid);
    const job = await startJob(deps, { workspace_id, channel_id: id, kind: 'product_sync', params: { kind: 'product_sync' }, created_by: c.get('userId') }, c.get('log'));
    c.header('Location', `/jobs/${job.id}`);
    return { job_id: job.id, job: toListedJob(job) };
  }

  /** @param asked ids by which the results are told */
  async function change(c: Context<AppEnv>, channelUid: string, params: JobParams, asked: readonly string[]) {
    const { id, workspace_id } = await requireUsableChannel(db, c.get('workspace').id, channelUid);
    const started_job = await startJob(deps, { workspace_id, channel_id: id, kind: 'product_update', params, total: asked.length, created_by: c.get('userId') }, c.get('log'));
    const job = await awaitJob(deps, started_job, PATIENCE_MS, c.get('log'));
    c.header('Location', `/jobs/${job.id}`);
    if (job.finished_at === null) return { ended: false as const, body: { job_id: job.id, job: toListedJob(job) } };
    return { ended: true as const, body: { job: toListedJob(job), results: resultsOf(job, asked) } };
  }

  const routes = createRouter()
    .openapi(fetchAll, async (c) => c.json(await sync(c, c.req.valid('query').channel_uid), 202))
    .openapi(postFetchAll, async (c) => c.json(await sync(c, c.req.valid('query').channel_uid), 202))
    .openapi(all, async (c) => {
      const { channel_uid, page_size, page_token, status } = c.req.valid('query');
      const channel = await requireUsableChannel(db, c.get('workspace').id, channel_uid);
      const page = await askShop<Page<ShopProduct>>(deps, channel, { kind: 'products', page_size, page_token: page_token ?? null, status: status ?? null });
      c.header('Cache-Control', 'no-store');
      return c.json({ ...page, items: page.items.map(toTikTokProduct) }, 200);
    })
    .openapi(list, async (c) => {
      const { limit, cursor, channel_uid, removed = false, ...filter } = c.req.valid('query');
      const [channel_id, product_id] = cursor === undefined ? [] : decodeCursor(cursor, cursorSchema);
      const after = channel_id === undefined || product_id === undefined ? undefined : { channel_id, product_id };
      const rows = await listProducts(db, { ...filter, removed, workspace_id: c.get('workspace').id, channel_id: channel_uid, after, limit: limit + 1 });
      return c.json(toPage(rows, limit, toProduct, ({ product }) => [product.channel_id, product.product_id]), 200);
    })
    .openapi(read, async (c) => {
      const { channel_uid, source } = c.req.valid('query');
      const { product_id } = c.req.valid('param');
      const channel = await requireChannel(db, c.get('workspace').id, channel_uid);
      const known = await findProduct(db, channel.workspace_id, channel.id, product_id);
      if (known && source !== 'tiktok') return c.json(toProductDetail(known), 200);
      if (source === 'ours') throw new ApiError('not_found', { detail: 'product' });
      const usable = await requireUsableChannel(db, channel.workspace_id, channel.id);
      return c.json(toAskedProduct(channel.id, await askShop<ShopProduct>(deps, usable, { kind: 'product', product_id }), known), 200);
    })
    .openapi(updatePrices, async (c) => {
      const { product_id } = c.req.valid('param');
      const { channel_uid } = c.req.valid('query');
      const skus = c.req.valid('json').skus.map(({ sale_price, ...sku }) => ({ ...sku, ...(sale_price && { sale_price }) }));
      await requireOwnSkus(c, channel_uid, product_id, skus);
      const { ended, body } = await change(c, channel_uid, { kind: 'product_update', action: 'prices', product_id, skus }, skus.map(({ sku_id }) => sku_id));
      return ended ? c.json(body, 200) : c.json(body, 202);
    });
  for (const [route, action] of [[activate, 'activate'], [deactivate, 'deactivate']] as const) {
    routes.openapi(route, async (c) => {
      const { channel_uid, product_ids } = c.req.valid('json');
      const { ended, body } = await change(c, channel_uid, { kind: 'product_update', action, product_ids }, product_ids);
      return ended ? c.json(body, 200) : c.json(body, 202);
    });
  }
  return routes;

  async function requireOwnSkus(c: Context<AppEnv>, channelUid: string, productId: string, skus: readonly { sku_id: string }[]): Promise<void> {
    const { id } = await requireUsableChannel(db, c.get('workspace').id, channelUid);
    const foreign = await skusOfOthers(db, id, productId, skus.map(({ sku_id }) => sku_id));
    const index = skus.findIndex(({ sku_id }) => foreign.includes(sku_id));
    if (index >= 0) throw fieldError(`skus.${index}.sku_id`, 'is of another product', 'shop_sku_foreign');
  }
}

/** @throws ApiError where nothing was asked of TikTok, or it refused all of it for one reason */
function resultsOf(job: JobRow, asked: readonly string[]) {
  const errors = new Map(job.errors.map((error) => [error.id, error]));
  const ofAll = errors.get(null);
  if (job.state === 'failed' && errors.size === 0) throw new ApiError(job.state_code ?? 'internal', { detail: job.state_reason ?? '' });
  return asked.map((id) => {
    const error = errors.get(id) ?? ofAll;
    return error ? { id, ok: false, code: error.code, reason: error.reason } : { id, ok: true, code: null, reason: null };
  });
}
