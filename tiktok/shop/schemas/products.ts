import { z } from 'zod';
import type { InventoryRow, ShopProduct } from '../../../domain/contracts/shop-api.ts';
import { count, countOrZero, decimal, id, list, name, optionalId, optionalTime, sum, text } from './common.ts';

const skuSchema = z
  .object({
    id,
    seller_sku: text,
    price: z.object({ currency: text, tax_exclusive_price: decimal, sale_price: decimal }).nullish(),
    inventory: list(z.object({ warehouse_id: optionalId, quantity: countOrZero })),
    status_info: z.object({ status: text }).nullish(),
    sales_attributes: list(z.object({ name, value_name: name })),
  })
  .transform(({ price, status_info, sales_attributes, ...sku }, context) => ({
    ...sku,
    price: price ? sum(price.sale_price ?? price.tax_exclusive_price, price.currency, 'price', context) : null,
    status: status_info?.status ?? null,
    attributes: sales_attributes.map(({ name: attribute, value_name }) => ({ name: attribute, value: value_name })),
  }));

/** https://partner.tiktokshop.com/docv2/page/get-product-202309 and search-products-202502 */
export const productSchema = z
  .object({
    id,
    title: name,
    status: z.string().min(1),
    audit: z.object({ status: text }).nullish(),
    description: text,
    main_images: list(z.object({ urls: list(z.string()) })),
    skus: list(skuSchema),
    create_time: optionalTime,
    update_time: optionalTime,
  })
  .transform(({ audit, main_images, create_time, update_time, ...product }): Omit<ShopProduct, 'detailed'> => ({
    ...product,
    audit_status: audit?.status ?? null,
    image_urls: main_images.flatMap(({ urls }) => urls.slice(0, 1)),
    create_time_ms: create_time,
    update_time_ms: update_time,
  }));

export const searchedProductSchema = productSchema.transform((product): ShopProduct => ({ ...product, detailed: false }));
export const detailedProductSchema = productSchema.transform((product): ShopProduct => ({ ...product, detailed: true }));

/** https://partner.tiktokshop.com/docv2/page/inventory-search-202309 */
export const inventorySchema = z
  .object({
    inventory: list(
      z.object({
        product_id: id,
        skus: list(
          z.object({
            id,
            seller_sku: text,
            total_available_quantity: count,
            total_committed_quantity: countOrZero,
            warehouse_inventory: list(z.object({ warehouse_id: id, available_quantity: count, committed_quantity: countOrZero })),
          }),
        ),
      }),
    ),
  })
  .transform(({ inventory }): InventoryRow[] =>
    inventory.flatMap(({ product_id, skus }) =>
      skus.map((sku) => ({
        product_id,
        sku_id: sku.id,
        seller_sku: sku.seller_sku,
        available: sku.total_available_quantity,
        committed: sku.total_committed_quantity,
        warehouses: sku.warehouse_inventory.map(({ warehouse_id, available_quantity, committed_quantity }) => ({
          warehouse_id,
          available: available_quantity,
          committed: committed_quantity,
        })),
      })),
    ),
  );
