export const PRODUCT_STATUSES = ['DRAFT', 'PENDING', 'FAILED', 'ACTIVATE', 'SELLER_DEACTIVATED', 'PLATFORM_DEACTIVATED', 'FREEZE', 'DELETED'] as const;
export type ProductStatus = (typeof PRODUCT_STATUSES)[number];
export type AuditStatus = 'NONE' | 'AUDITING' | 'FAILED' | 'PRE_APPROVED' | 'APPROVED';

/** Units of one SKU at one warehouse. */
export interface StockAt {
  /** There to be sold. */
  available: number;
  /** Sold and not shipped yet. */
  committed: number;
  backorder_quantity: number;
  handling_time: number;
}

/** What really happened to the stock of a SKU, for assertions. Counts are units. */
export interface StockLedger {
  sold: number;
  cancelled: number;
  shipped: number;
  /** Buyers that found nothing to buy. */
  refused: number;
  /** The seller's own updates, the newest 200. */
  updates: { at_ms: number; warehouse_id: string; was: number; quantity: number }[];
  /** How many there were in all. */
  update_count: number;
}

export interface Sku {
  readonly id: string;
  readonly product: Product;
  readonly seller_sku: string;
  /** Minor units of the shop's currency. */
  price: number;
  readonly attribute: { name: string; value: string } | null;
  /** By warehouse. */
  readonly stock: Map<string, StockAt>;
  readonly ledger: StockLedger;
}

export interface Product {
  readonly id: string;
  readonly title: string;
  readonly create_ms: number;
  status: ProductStatus;
  audit: AuditStatus;
  update_ms: number;
  readonly skus: Sku[];
  /** In a running promotion: its price is locked. */
  promoted: boolean;
}
