import { z } from 'zod';
import type { Json } from '../../open-api/wire/json.ts';
import { setProductStatus, startAudit } from '../catalogue/product-life.ts';
import { listedProduct, productDetail } from '../catalogue/product-view.ts';
import { PRODUCT_STATUSES, type Product, type ProductStatus } from '../catalogue/types.ts';
import type { Shop } from '../state/shops.ts';
import { ShopFault } from '../wire/answers.ts';
import { id, pageQuery, time } from '../wire/fields.ts';
import type { Call, Router } from '../wire/router.ts';
import type { World } from '../world.ts';
import { pageData } from './answer-page.ts';

const MAX_HITS = 10_000;
const MAX_BATCH = 20;

const searchSchema = z.object({
  status: z.enum(['ALL', ...PRODUCT_STATUSES]).default('ALL'),
  seller_skus: z.array(z.string()).optional(),
  sku_ids: z.array(id).optional(),
  create_time_ge: time.optional(),
  create_time_le: time.optional(),
  update_time_ge: time.optional(),
  update_time_le: time.optional(),
  audit_status: z.array(z.enum(['AUDITING', 'FAILED', 'APPROVED'])).optional(),
});
type Search = z.infer<typeof searchSchema>;
const batchSchema = z.object({ product_ids: z.array(id).min(1), listing_platforms: z.array(z.string()).optional() });

export function productRoutes(world: World, { add }: Router): void {
  for (const path of ['/product/202309/products/search', '/product/202312/products/search', '/product/202502/products/search'] as const) {
    add('POST', path, ['seller.product.basic'], (call) => search(world, call));
  }
  add('GET', '/product/202309/products/{product_id}', ['seller.product.basic'], (call) => {
    const product = productNamed(world, call.shop, call.param('product_id'));
    if (product.status === 'FREEZE' || product.status === 'DELETED') throw new ShopFault(12052901, 'The product status does not allow this operation.');
    return productDetail(call.shop, product);
  });
  add('POST', '/product/202309/products/activate', ['seller.product.basic'], (call) =>
    batch(world, call, ['SELLER_DEACTIVATED', 'PLATFORM_DEACTIVATED'], (product) => startAudit(world, call.shop, product)),
  );
  add('POST', '/product/202309/products/deactivate', ['seller.product.basic'], (call) =>
    batch(world, call, ['ACTIVATE'], (product) => setProductStatus(world, call.shop, product, 'SELLER_DEACTIVATED')),
  );
}

/** @throws ShopFault 12052048 for another seller's, 12052260 for nobody's */
export function productNamed(world: World, shop: Shop, productId: string): Product {
  const product = shop.products.get(productId);
  if (product) return product;
  const isAnothers = world.shops.all().some(({ products }) => products.has(productId));
  throw isAnothers ? new ShopFault(12052048, 'The product does not belong to this seller.') : new ShopFault(12052260, 'The product does not exist.');
}

function search(world: World, { shop, query, body }: Call): Json {
  const page = query(pageQuery(100));
  const filter = body(searchSchema);
  if ((filter.seller_skus?.length ?? 0) > 10) throw new ShopFault(12019027, 'Too many seller_skus: at most 10.');
  if ((filter.sku_ids?.length ?? 0) > 10) throw new ShopFault(12019087, 'Too many sku_ids: at most 10.');
  const found = world.pager.page(
    {
      key: `products|${shop.id}|${JSON.stringify(filter)}`,
      version: shop.version,
      items: () => [...shop.products.values()].filter((product) => fits(product, filter)),
      value: ({ create_ms }) => create_ms,
      descending: true,
    },
    page,
  );
  if (!found) throw new ShopFault(12019108, 'The page_token is invalid.');
  if (found.total_count > MAX_HITS) throw new ShopFault(12052180, 'The search has more than 10000 results. Narrow it.');
  return pageData(world, 'products', found, (product) => listedProduct(shop, product));
}

const within = (ms: number, ge: number | undefined, le: number | undefined): boolean => {
  const seconds = Math.floor(ms / 1_000);
  return (ge === undefined || seconds >= ge) && (le === undefined || seconds <= le);
};

function fits(product: Product, filter: Search): boolean {
  const { status, audit_status, seller_skus, sku_ids } = filter;
  return (
    (status === 'ALL' || product.status === status) &&
    (!audit_status?.length || audit_status.some((audit) => audit === product.audit)) &&
    (!seller_skus?.length || product.skus.some(({ seller_sku }) => seller_skus.includes(seller_sku))) &&
    (!sku_ids?.length || product.skus.some((sku) => sku_ids.includes(sku.id))) &&
    within(product.create_ms, filter.create_time_ge, filter.create_time_le) &&
    within(product.update_ms, filter.update_time_ge, filter.update_time_le)
  );
}

/** What fails is named, the rest is done, and `code` stays 0. */
function batch(world: World, { shop, body }: Call, from: readonly ProductStatus[], act: (product: Product) => void): Json {
  const { product_ids } = body(batchSchema);
  if (product_ids.length > MAX_BATCH) throw new ShopFault(12019120, 'Too many product ids: at most 20.');
  const errors: Json[] = [];
  for (const productId of product_ids) {
    const fault = faultOf(world, shop, productId, from);
    if (fault) errors.push({ code: fault.code, message: fault.message, detail: { product_id: productId, extra_errors: [] } });
    else act(productNamed(world, shop, productId));
  }
  return errors.length > 0 ? { errors } : {};
}

function faultOf(world: World, shop: Shop, productId: string, from: readonly ProductStatus[]): ShopFault | null {
  const product = shop.products.get(productId);
  if (!product) {
    const isAnothers = world.shops.all().some(({ products }) => products.has(productId));
    return isAnothers ? new ShopFault(12052048, 'The product does not belong to this seller.') : new ShopFault(12052032, 'The product does not exist.');
  }
  return from.includes(product.status) ? null : new ShopFault(12052901, `The product status ${product.status} does not allow this operation.`);
}
