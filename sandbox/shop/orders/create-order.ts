import { giveBackUnit, sellUnit } from '../catalogue/stock.ts';
import type { Sku } from '../catalogue/types.ts';
import type { Shop } from '../state/shops.ts';
import type { World } from '../world.ts';
import type { Line, Order, ShippingType } from './types.ts';

const PEOPLE = ['Anna Weiss', 'Budi Santoso', 'Chloe Smith', 'Dewi Lestari', 'Emma Brown', 'Farid Hakim', 'Grace Jones', 'Hana Putri'];
const STREETS = ['3 Mill Lane', 'Jl. Melati 21', '48 Station Road', 'Jl. Kenanga 5', '7 Church Street'];

export interface NewOrder {
  items: readonly { sku: Sku; quantity: number }[];
  shipping_type: ShippingType;
  fulfillment_type?: Order['fulfillment_type'];
  buyer?: string;
  buyer_message?: string;
  moves: boolean;
  /** When it was placed; default: now. */
  create_ms?: number;
}

/** Places an order, UNPAID, of which nobody is told yet: see `bringTo`. All of it or nothing: null says that TikTok has sold out. */
export function createOrder(world: World, shop: Shop, input: NewOrder): Order | null {
  const lines: Line[] = [];
  for (const { sku, quantity } of input.items) {
    for (let unit = 0; unit < quantity; unit++) {
      const warehouseId = sku.product.status === 'ACTIVATE' ? sellUnit(sku) : null;
      if (warehouseId === null) return giveBack(shop, lines);
      lines.push(newLine(world, sku, warehouseId));
    }
  }
  const now = world.clock.now();
  const number = shop.orders.size;
  const order: Order = {
    id: String(world.ids.next()),
    shop_id: shop.id,
    status: 'UNPAID',
    lines,
    shipping_type: input.shipping_type,
    fulfillment_type: input.fulfillment_type ?? 'FULFILLMENT_BY_SELLER',
    buyer: buyerOf(input.buyer ?? PEOPLE[number % PEOPLE.length] ?? '', number, shop.region),
    buyer_message: input.buyer_message ?? '',
    currency: shop.currency,
    shipping_fee: shop.currency === 'IDR' ? 12_000 : 299,
    create_ms: input.create_ms ?? now,
    update_ms: input.create_ms ?? now,
    paid_ms: null,
    ship_due_ms: null,
    collected_ms: null,
    delivered_ms: null,
    cancel: null,
    cancel_requested_ms: null,
    address_updated: false,
    tracking: [],
    tracking_changes: 0,
    moves: input.moves,
    unschedule: () => undefined,
  };
  shop.orders.set(order.id, order);
  shop.version += 1;
  return order;
}

/** An order that could not be had as a whole sold nothing. */
function giveBack(shop: Shop, lines: readonly Line[]): null {
  for (const { sku_id, warehouse_id } of lines) {
    const sku = shop.skus.get(sku_id);
    if (!sku) continue;
    giveBackUnit(sku, warehouse_id);
    sku.ledger.sold -= 1;
    sku.ledger.cancelled -= 1;
  }
  return null;
}

const newLine = (world: World, sku: Sku, warehouse_id: string): Line => ({
  id: String(world.ids.next()),
  product_id: sku.product.id,
  product_name: sku.product.title,
  sku_id: sku.id,
  sku_name: sku.attribute?.value ?? 'Default',
  seller_sku: sku.seller_sku,
  price: sku.price,
  warehouse_id,
  status: 'UNPAID',
  package_id: null,
  shipped_ms: null,
  cancel_user: null,
  cancel_reason: null,
});

const buyerOf = (name: string, number: number, region: string): Order['buyer'] => ({
  user_id: String(7_494_000_000_000_000_001n + BigInt(Math.abs(hashName(name))) * 1_009n),
  nickname: name.toLowerCase().replace(/\s+/g, '.'),
  name,
  phone: `(+${region === 'ID' ? 62 : 44})${7_700_900_000 + (number % 90_000)}`,
  line: STREETS[number % STREETS.length] ?? '',
});

const hashName = (name: string): number => [...name].reduce((hash, letter) => (hash * 31 + (letter.codePointAt(0) ?? 0)) | 0, 7);
