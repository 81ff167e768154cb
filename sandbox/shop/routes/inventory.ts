import { z } from 'zod';
import type { Json } from '../../open-api/wire/json.ts';
import { touchProduct } from '../catalogue/product-life.ts';
import { inventoryOf } from '../catalogue/product-view.ts';
import { setAvailable } from '../catalogue/stock.ts';
import type { Product, Sku } from '../catalogue/types.ts';
import { ShopFault } from '../wire/answers.ts';
import { id } from '../wire/fields.ts';
import type { Call, Router } from '../wire/router.ts';
import type { World } from '../world.ts';
import { productNamed } from './products.ts';

const MAX_PRODUCT_IDS = 100;
const MAX_SKU_IDS = 600;
const MAX_UPDATE = 100;
const MAX_QUANTITY = 999_999;
/** One SKU of an update failed; the others were done. */
const SKU_FAILED = 12052990;

const searchSchema = z.object({ product_ids: z.array(id).optional(), sku_ids: z.array(id).optional() });
const updateSchema = z.object({
  skus: z.array(
    z.object({
      id,
      inventory: z.array(
        z.object({
          warehouse_id: z.string().optional(),
          quantity: z.number(),
          backorder_quantity: z.number().int().min(0).optional(),
          handling_time: z.number().int().min(0).optional(),
        }),
      ),
    }),
  ),
});
type SkuUpdate = z.infer<typeof updateSchema>['skus'][number];
type WarehouseUpdate = SkuUpdate['inventory'][number];

export function inventoryRoutes(world: World, { add }: Router): void {
  add('POST', '/product/202309/inventory/search', ['seller.product.basic'], (call) => search(call));
  add('POST', '/product/202309/products/{product_id}/inventory/update', ['seller.product.write'], (call) => update(world, call));
}

/** sku_ids win when both are sent; what is unknown is silently missing. */
function search({ shop, body }: Call): Json {
  const { product_ids = [], sku_ids = [] } = body(searchSchema);
  if (sku_ids.length > MAX_SKU_IDS) throw new ShopFault(12019015, 'Too many sku_ids: at most 600.');
  if (product_ids.length > MAX_PRODUCT_IDS) throw new ShopFault(12019120, 'Too many product_ids: at most 100.');
  if (product_ids.length === 0 && sku_ids.length === 0) throw new ShopFault(12019008, 'Either product_ids or sku_ids is needed.');
  if (sku_ids.length === 0) {
    const products = [...new Set(product_ids)].flatMap((productId) => shop.products.get(productId) ?? []);
    return { inventory: products.map((product) => inventoryOf(product, product.skus)) };
  }
  const wanted = new Set(sku_ids);
  const products = new Set(sku_ids.flatMap((skuId) => shop.skus.get(skuId)?.product ?? []));
  return { inventory: [...products].map((product) => inventoryOf(product, product.skus.filter((sku) => wanted.has(sku.id)))) };
}

function update(world: World, call: Call): Json {
  const { shop } = call;
  const product = productNamed(world, shop, call.param('product_id'));
  const { skus } = call.body(updateSchema);
  demandStatus(world, product);
  if (skus.length === 0) throw new ShopFault(12052902, 'The SKU list is empty.');
  if (skus.length > MAX_UPDATE) throw new ShopFault(12052050, 'Too many SKUs: at most 100.');
  if (new Set(skus.map((sku) => sku.id)).size < skus.length) throw new ShopFault(12052553, 'A SKU is listed twice.');
  const errors: Json[] = [];
  for (const wanted of skus) {
    const refusal = skuFault(world, product, wanted);
    if (refusal) errors.push({ code: SKU_FAILED, message: refusal.message, detail: { sku_id: wanted.id, extra_errors: [refusal] } });
    else apply(world, product, wanted);
  }
  if (errors.length < skus.length) touchProduct(world, shop, product);
  return errors.length > 0 ? { errors } : {};
}

function demandStatus(world: World, { status }: Product): void {
  const allowed = world.settings.current.products.stock_of_any_status ? status !== 'FREEZE' && status !== 'DELETED' : status === 'ACTIVATE';
  if (!allowed) throw new ShopFault(12052901, `The product status ${status} does not allow this operation.`);
}

interface SkuFault {
  [key: string]: Json;
  warehouse_id: string;
  code: number;
  message: string;
}

function skuFault(world: World, product: Product, { id: skuId, inventory }: SkuUpdate): SkuFault | null {
  const fault = (code: number, message: string, warehouse_id = ''): SkuFault => ({ warehouse_id, code, message });
  const sku = product.skus.find((each) => each.id === skuId);
  if (!sku) return fault(12052556, 'The SKU does not exist in this product.');
  if (inventory.length === 0) return fault(12019022, 'There is no valid warehouse.');
  const named = inventory.map((at) => warehouseOf(sku, at));
  const unknown = inventory.find((at) => warehouseOf(sku, at) === null);
  if (unknown) return unknown.warehouse_id === undefined ? fault(12052096, 'The warehouse is missing.') : fault(12052097, 'The warehouse does not exist for this SKU.', unknown.warehouse_id);
  if (new Set(named).size < named.length) return fault(12052533, 'A warehouse is listed twice.');
  if (named.length < sku.stock.size) return fault(12019028, 'All warehouses of the SKU must be listed.');
  const least = world.settings.current.products.allow_zero ? 0 : 1;
  const wrong = inventory.find(({ quantity }) => !Number.isInteger(quantity) || quantity < least);
  if (wrong) return fault(12019024, 'The stock number is invalid.', wrong.warehouse_id);
  const tooMany = inventory.find(({ quantity }) => quantity > MAX_QUANTITY);
  return tooMany ? fault(12052055, 'The stock number is out of range.', tooMany.warehouse_id) : null;
}

/** It may be left out where there is only one. */
const warehouseOf = (sku: Sku, { warehouse_id }: WarehouseUpdate): string | null => {
  if (warehouse_id !== undefined && warehouse_id !== '') return sku.stock.has(warehouse_id) ? warehouse_id : null;
  return sku.stock.size === 1 ? ([...sku.stock.keys()][0] ?? null) : null;
};

function apply(world: World, product: Product, wanted: SkuUpdate): void {
  const sku = product.skus.find((each) => each.id === wanted.id);
  if (!sku) return;
  for (const at of wanted.inventory) {
    const warehouseId = warehouseOf(sku, at) ?? '';
    setAvailable(sku, warehouseId, at.quantity, world.clock.now());
    const stock = sku.stock.get(warehouseId);
    if (!stock) continue;
    stock.backorder_quantity = at.backorder_quantity ?? stock.backorder_quantity;
    stock.handling_time = at.handling_time ?? stock.handling_time;
  }
}
