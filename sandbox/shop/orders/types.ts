export const ORDER_STATUSES = ['UNPAID', 'ON_HOLD', 'AWAITING_SHIPMENT', 'PARTIALLY_SHIPPING', 'AWAITING_COLLECTION', 'IN_TRANSIT', 'DELIVERED', 'COMPLETED', 'CANCELLED'] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];
export type LineStatus = Exclude<OrderStatus, 'PARTIALLY_SHIPPING'>;
export type Role = 'SELLER' | 'BUYER' | 'SYSTEM';
export type ShippingType = 'TIKTOK' | 'SELLER';

/** One unit. */
export interface Line {
  readonly id: string;
  readonly product_id: string;
  readonly product_name: string;
  readonly sku_id: string;
  readonly sku_name: string;
  readonly seller_sku: string;
  /** Minor units. */
  readonly price: number;
  readonly warehouse_id: string;
  status: LineStatus;
  package_id: string | null;
  shipped_ms: number | null;
  cancel_user: Role | null;
  cancel_reason: string | null;
}

export interface Order {
  readonly id: string;
  readonly shop_id: string;
  /** Of its lines, all together; see `statusOf`. */
  status: OrderStatus;
  readonly lines: Line[];
  readonly shipping_type: ShippingType;
  readonly fulfillment_type: 'FULFILLMENT_BY_SELLER' | 'FULFILLMENT_BY_TIKTOK';
  readonly buyer: { user_id: string; nickname: string; name: string; phone: string; line: string };
  readonly buyer_message: string;
  readonly currency: string;
  readonly shipping_fee: number;
  readonly create_ms: number;
  update_ms: number;
  paid_ms: number | null;
  ship_due_ms: number | null;
  collected_ms: number | null;
  delivered_ms: number | null;
  cancel: { role: Role; reason: string; at_ms: number } | null;
  cancel_requested_ms: number | null;
  address_updated: boolean;
  tracking: { description: string; at_ms: number }[];
  tracking_changes: number;
  /** Moves on by itself, as the settings say. */
  moves: boolean;
  /** Takes back the next step that it would take by itself. */
  unschedule: () => void;
}
