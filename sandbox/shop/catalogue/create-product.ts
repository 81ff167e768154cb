import { hashOf } from '../../catalogue/random.ts';
import type { Shop } from '../state/shops.ts';
import type { AuditStatus, Product, ProductStatus, Sku } from './types.ts';

export const MAX_PRODUCTS = 20_000;

const NAMES = ['LED star projector', 'Ring light', 'Canvas tote', 'Espresso cups', 'Desk lamp', 'Wool beanie', 'Phone tripod', 'Plant pot', 'Candle set', 'Key holder'];
const COLOURS = ['Red', 'Blue', 'Green', 'Black', 'White'];
/** Neighbours that a number of JavaScript can't tell apart. */
const FIRST_ID = 1_729_400_000_000_000_001n;

export interface NewProduct {
  title?: string;
  status?: ProductStatus;
  /** Default 1. */
  skus?: number;
  /** Units of each SKU at each warehouse. */
  quantity?: number;
  /** Minor units. */
  price?: number;
  seller_sku?: string;
  /** Default 1: the default one alone. */
  warehouses?: number;
  promoted?: boolean;
  create_ms: number;
}

const AUDITS: Readonly<Record<ProductStatus, AuditStatus>> = {
  DRAFT: 'NONE',
  PENDING: 'AUDITING',
  FAILED: 'FAILED',
  ACTIVATE: 'APPROVED',
  SELLER_DEACTIVATED: 'APPROVED',
  PLATFORM_DEACTIVATED: 'APPROVED',
  FREEZE: 'APPROVED',
  DELETED: 'NONE',
};

/** The n-th product of a shop has the same ids in every sandbox. null: the shop is full. */
export function createProduct(shop: Shop, input: NewProduct): Product | null {
  const number = shop.products.size;
  if (number >= MAX_PRODUCTS) return null;
  const { status = 'ACTIVATE', skus = 1, quantity = 100, price = 1_990, warehouses = 1, promoted = false, create_ms } = input;
  const id = FIRST_ID + BigInt(hashOf(shop.name) % 1_000_000) * 10_000_000_000n + BigInt(number) * 100n;
  const product: Product = {
    id: String(id),
    title: input.title ?? `${NAMES[number % NAMES.length] ?? ''} No. ${number + 1}`,
    create_ms,
    status,
    audit: AUDITS[status],
    update_ms: create_ms,
    skus: [],
    promoted,
  };
  const places = shop.warehouses.filter(({ type }) => type === 'SALES_WAREHOUSE').slice(0, warehouses);
  for (let index = 0; index < skus; index++) {
    const sku: Sku = {
      id: String(id + BigInt(index) + 1n),
      product,
      seller_sku: skus === 1 && input.seller_sku !== undefined ? input.seller_sku : `${input.seller_sku ?? `SR-${String(number + 1).padStart(4, '0')}`}-${index + 1}`,
      price: price + index * 100,
      attribute: skus > 1 ? { name: 'Colour', value: `${COLOURS[index % COLOURS.length] ?? ''}${index < COLOURS.length ? '' : ` ${index}`}` } : null,
      stock: new Map(places.map((place) => [place.id, { available: quantity, committed: 0, backorder_quantity: 0, handling_time: 1 }])),
      ledger: { sold: 0, cancelled: 0, shipped: 0, refused: 0, updates: [], update_count: 0 },
    };
    product.skus.push(sku);
    shop.skus.set(sku.id, sku);
  }
  shop.products.set(product.id, product);
  shop.version += 1;
  return product;
}
