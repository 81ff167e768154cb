import type { Json } from '../../open-api/wire/json.ts';
import { DELIVERY_OPTIONS } from '../state/warehouses.ts';
import type { Shop } from '../state/shops.ts';
import { amountText } from './money.ts';
import { availableOf, committedOf } from './stock.ts';
import type { Product, Sku } from './types.ts';

const secondsOf = (ms: number): number => Math.floor(ms / 1_000);

/** Cross-border sellers set a price before tax, and the buyer's price beside it. */
function priceOf(shop: Shop, sku: Sku): Json {
  const amount = amountText(sku.price, shop.currency);
  return { currency: shop.currency, tax_exclusive_price: amount, ...(shop.seller_type === 'CROSS_BORDER' ? { sale_price: amount } : {}) };
}

const skuView = (shop: Shop, sku: Sku): Record<string, Json> => ({
  id: sku.id,
  seller_sku: sku.seller_sku,
  price: priceOf(shop, sku),
  inventory: [...sku.stock].map(([warehouse_id, at]) => ({ warehouse_id, quantity: at.available, backorder_quantity: at.backorder_quantity, handling_time: at.handling_time })),
  status_info: { status: sku.product.status === 'ACTIVATE' ? 'NORMAL' : 'DEACTIVATED', ...(sku.product.status === 'SELLER_DEACTIVATED' ? { deactivation_source: 'SELLER' } : {}) },
});

export const listedProduct = (shop: Shop, product: Product): Json => ({
  id: product.id,
  title: product.title,
  status: product.status,
  create_time: secondsOf(product.create_ms),
  update_time: secondsOf(product.update_ms),
  sales_regions: [shop.region],
  listing_quality_tier: 'GOOD',
  is_not_for_sale: false,
  has_draft: false,
  audit: { status: product.audit, pre_approved_reasons: [] },
  skus: product.skus.map((sku) => skuView(shop, sku)),
});

export const productDetail = (shop: Shop, product: Product): Json => ({
  id: product.id,
  status: product.status,
  product_status: product.status,
  title: product.title,
  description: `<p>${product.title}, from ${shop.name}.</p>`,
  category_chains: [{ id: '600001', parent_id: '0', local_name: 'Home', is_leaf: false }, { id: '601450', parent_id: '600001', local_name: 'Decoration', is_leaf: true }],
  brand: { id: '7082427311584347905', name: 'Showrunner' },
  main_images: [{ uri: `tos-sandbox/${product.id}`, urls: [`https://p16-sandbox.example/${product.id}.jpeg`], thumb_urls: [`https://p16-sandbox.example/${product.id}-thumb.jpeg`], height: 600, width: 600 }],
  package_dimensions: { length: '20', width: '15', height: '10', unit: 'CENTIMETER' },
  package_weight: { value: '0.5', unit: 'KILOGRAM' },
  product_attributes: [],
  is_cod_allowed: false,
  delivery_options: Object.values(DELIVERY_OPTIONS).map(({ id, name }) => ({ id, name, is_available: true })),
  audit: { status: product.audit },
  audit_failed_reasons: product.audit === 'FAILED' ? [{ position: 'Product title', reasons: ['The title is not clear.'], suggestions: ['Name the product.'], listing_platform: 'TIKTOK_SHOP' }] : [],
  has_draft: false,
  is_not_for_sale: false,
  create_time: secondsOf(product.create_ms),
  update_time: secondsOf(product.update_ms),
  skus: product.skus.map((sku) => ({
    ...skuView(shop, sku),
    sales_attributes: sku.attribute ? [{ id: '100000', name: sku.attribute.name, value_id: `1729${sku.id.slice(-6)}`, value_name: sku.attribute.value }] : [],
  })),
});

export const inventoryOf = (product: Product, skus: readonly Sku[]): Json => ({
  product_id: product.id,
  skus: skus.map((sku) => ({
    id: sku.id,
    seller_sku: sku.seller_sku,
    total_available_quantity: availableOf(sku),
    total_committed_quantity: committedOf(sku),
    warehouse_inventory: [...sku.stock].map(([warehouse_id, { available, committed }]) => ({ warehouse_id, available_quantity: available, committed_quantity: committed })),
    total_available_inventory_distribution: { in_shop_inventory: { quantity: availableOf(sku) }, campaign_inventory: [], creator_inventory: [] },
  })),
});
