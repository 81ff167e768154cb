import { z } from 'zod';
import type { Json } from '../../open-api/wire/json.ts';
import { minorOf } from '../catalogue/money.ts';
import { touchProduct } from '../catalogue/product-life.ts';
import type { Product } from '../catalogue/types.ts';
import type { Shop } from '../state/shops.ts';
import { ShopFault } from '../wire/answers.ts';
import { id } from '../wire/fields.ts';
import type { Call, Router } from '../wire/router.ts';
import type { World } from '../world.ts';
import { productNamed } from './products.ts';

/** Bounds in minor units, where the country has published ones. */
const BOUNDS: Readonly<Record<string, readonly [number, number]>> = { USD: [1, 760_000], GBP: [1, 560_000] };

const schema = z.object({
  skus: z.array(
    z.object({
      id,
      price: z.object({ amount: z.string().optional(), currency: z.string(), sale_price: z.string().optional() }),
      list_price: z.object({ amount: z.string(), currency: z.string() }).optional(),
      external_list_prices: z.array(z.object({ source: z.string(), amount: z.string(), currency: z.string() })).optional(),
    }),
  ),
});
type SkuPrice = z.infer<typeof schema>['skus'][number];

export function priceRoutes(world: World, { add }: Router): void {
  add('POST', '/product/202309/products/{product_id}/prices/update', ['seller.product.write'], (call) => update(world, call));
}

/** All or nothing; SKUs that are not listed keep their price. */
function update(world: World, call: Call): Json {
  const { shop } = call;
  const product = productNamed(world, shop, call.param('product_id'));
  const { skus } = call.body(schema);
  if (product.status !== 'ACTIVATE') throw new ShopFault(12052901, `The product status ${product.status} does not allow this operation.`);
  if (product.promoted) throw new ShopFault(12052038, 'The price is locked by a promotion.');
  if (skus.length === 0) throw new ShopFault(12052902, 'The SKU list is empty.');
  if (new Set(skus.map((sku) => sku.id)).size < skus.length) throw new ShopFault(12052553, 'A SKU is listed twice.');
  const prices = skus.map((wanted) => [skuNamed(product, wanted.id), priceOf(shop, wanted)] as const);
  for (const [sku, price] of prices) sku.price = price;
  touchProduct(world, shop, product);
  return {};
}

function skuNamed(product: Product, skuId: string) {
  const sku = product.skus.find((each) => each.id === skuId);
  if (!sku) throw new ShopFault(12052557, 'The SKU does not exist in this product.');
  return sku;
}

/** @returns what the buyer pays, in minor units */
function priceOf(shop: Shop, { price }: SkuPrice): number {
  if (price.currency !== shop.currency) throw new ShopFault(12052084, `The currency of this shop is ${shop.currency}.`);
  const isGlobal = shop.seller_type === 'CROSS_BORDER';
  if (isGlobal && shop.region === 'JP' && price.sale_price === undefined) throw new ShopFault(12052424, 'The sale_price is missing.');
  const text = isGlobal ? (price.sale_price ?? price.amount) : price.amount;
  const minor = text === undefined ? null : minorOf(text, shop.currency);
  if (minor === null) throw new ShopFault(12052012, 'The price format is invalid.');
  const [least, most] = BOUNDS[shop.currency] ?? [1, 10_000_000_000];
  if (minor < least || minor > most) throw new ShopFault(12052570, 'The price is out of range.');
  return minor;
}
