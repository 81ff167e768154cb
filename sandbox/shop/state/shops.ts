import { createHash } from 'node:crypto';
import { hashOf } from '../../catalogue/random.ts';
import { BoundedMap } from '../../open-api/state/bounded-map.ts';
import type { Cancellation, OrderReturn } from '../aftersales/types.ts';
import type { Product, Sku } from '../catalogue/types.ts';
import type { Package } from '../fulfilment/types.ts';
import type { Order } from '../orders/types.ts';
import { warehousesOf, type Warehouse } from './warehouses.ts';

const MAX_ORDERS = 60_000;
const MAX_SHOPS = 100;

/** Who consents; one consent is good for all shops of the seller. */
export interface Seller {
  readonly open_id: string;
  readonly name: string;
  readonly region: string;
}
export interface Subscription {
  event_type: string;
  address: string;
  create_ms: number;
  update_ms: number;
}

export interface Shop {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly currency: string;
  readonly seller_type: 'LOCAL' | 'CROSS_BORDER';
  readonly cipher: string;
  readonly code: string;
  readonly seller: Seller;
  active: boolean;
  readonly warehouses: readonly Warehouse[];
  readonly products: Map<string, Product>;
  readonly skus: Map<string, Sku>;
  readonly orders: BoundedMap<string, Order>;
  readonly packages: BoundedMap<string, Package>;
  readonly cancellations: BoundedMap<string, Cancellation>;
  readonly returns: BoundedMap<string, OrderReturn>;
  /** By app and event type. */
  readonly subscriptions: BoundedMap<string, Subscription>;
  /** Rises with every change of a product, an order or a package. */
  version: number;
}

const CURRENCIES: Readonly<Record<string, string>> = { US: 'USD', GB: 'GBP', ES: 'EUR', IE: 'EUR', IT: 'EUR', DE: 'EUR', FR: 'EUR', JP: 'JPY', ID: 'IDR', TH: 'THB', MY: 'MYR', PH: 'PHP', SG: 'SGD', VN: 'VND', MX: 'MXN', BR: 'BRL' };
export const SHOP_REGIONS = Object.keys(CURRENCIES);

/** The same in every sandbox, so that a product under development finds its channels again. */
const shopIdOf = (name: string): string => String(7_495_000_000_000_000_000n + BigInt(hashOf(`shop ${name}`)) * 1_001n);
const cipherOf = (name: string): string => `ROW_${createHash('sha256').update(`cipher ${name}`).digest('base64url').slice(0, 32)}`;

export interface Shops {
  sellers(): Seller[];
  seller(nameOrOpenId: string): Seller | undefined;
  all(): Shop[];
  of(seller: Seller): Shop[];
  byId(id: string): Shop | undefined;
  byCipher(cipher: string): Shop | undefined;
  /** null: the name is taken, or there are too many. */
  create(input: { name: string; region: string; seller: string; seller_type: Shop['seller_type']; cipher?: string }): Shop | null;
  reset(): void;
}

export function createShops(): Shops {
  const sellers = new Map<string, Seller>();
  const shops = new Map<string, Shop>();
  const sellerNamed = (name: string, region: string): Seller => {
    const found = sellers.get(name);
    if (found) return found;
    const seller = { open_id: createHash('sha256').update(`seller ${name}`).digest('base64url').slice(0, 36), name, region };
    sellers.set(name, seller);
    return seller;
  };
  const create: Shops['create'] = ({ name, region, seller, seller_type, cipher = cipherOf(name) }) => {
    const id = shopIdOf(name);
    if (shops.has(id) || shops.size >= MAX_SHOPS) return null;
    const shop: Shop = {
      id,
      name,
      region,
      currency: CURRENCIES[region] ?? 'USD',
      seller_type,
      cipher,
      code: `${region}LC${hashOf(name).toString(36).toUpperCase().slice(0, 8)}`,
      seller: sellerNamed(seller, region),
      active: true,
      warehouses: warehousesOf(name, region),
      products: new Map(),
      skus: new Map(),
      orders: new BoundedMap(MAX_ORDERS),
      packages: new BoundedMap(MAX_ORDERS),
      cancellations: new BoundedMap(MAX_ORDERS),
      returns: new BoundedMap(MAX_ORDERS),
      subscriptions: new BoundedMap(1_000),
      version: 0,
    };
    shops.set(id, shop);
    return shop;
  };
  const all = (): Shop[] => [...shops.values()];
  return {
    sellers: () => [...sellers.values()],
    seller: (name) => sellers.get(name) ?? [...sellers.values()].find(({ open_id }) => open_id === name),
    all,
    of: (seller) => all().filter((shop) => shop.seller === seller),
    byId: (id) => shops.get(id),
    byCipher: (cipher) => all().find((shop) => shop.cipher === cipher),
    create,
    reset: () => {
      sellers.clear();
      shops.clear();
    },
  };
}
