import type { ErrorCode } from '../errors.ts';

/**
 * What tiktok/shop/ gives: TikTok's ids as strings from the first byte on, money as integer minor units, times as epoch milliseconds, statuses
 * in TikTok's words (a new one is not refused). `null`: TikTok did not say.
 */

/** An exact sum; JPY 1500 is 1500, USD 15.00 is 1500. See domain/shop/money.ts. */
export interface Money {
  /** Minor units of the currency, an integer. */
  amount: number;
  /** ISO 4217. */
  currency: string;
}

/** later: the same call may succeed, not before retry_after_ms where that is known; refresh: with a new access token; never: not unchanged. */
export type ShopRetry = 'later' | 'refresh' | 'never';

/**
 * Why a call failed. `definite`: TikTok refused, or was never reached, so it is known that nothing happened; otherwise (no answer, half an
 * answer, an internal error) nobody knows.
 */
export interface ShopFailure {
  ok: false;
  code: ErrorCode;
  /** TikTok's own code, message and request_id, for people. */
  reason: string;
  /** TikTok's `code` unchanged, or null where none came. */
  tiktok_code: number | null;
  definite: boolean;
  retry: ShopRetry;
  retry_after_ms: number | null;
}
export type ShopResult<T> = { ok: true; value: T } | ShopFailure;

/** An item of a batch that TikTok did not do; the others it did. */
export interface ShopItemFailure {
  /** Of the product, SKU or package; null: TikTok named none. */
  id: string | null;
  code: ErrorCode;
  tiktok_code: number | null;
  reason: string;
  retry: ShopRetry;
}

/** A thing of a page that could not be read; it does not hold the others. */
export interface Unreadable {
  id: string | null;
  reason: string;
}

export interface Page<T> {
  items: T[];
  unreadable: Unreadable[];
  /** Opaque; null on the last page. */
  next_page_token: string | null;
  total_count: number | null;
}

/** One seller's consent; good for all shops of it. A secret: never logged, never in a history. */
export interface ShopTokens {
  access_token: string;
  /** Epoch milliseconds, as the response said. */
  access_expires_at_ms: number;
  refresh_token: string;
  refresh_expires_at_ms: number;
  open_id: string;
  seller_name: string | null;
  seller_base_region: string | null;
  /** 0 seller, 1 creator, 3 partner. */
  user_type: number | null;
  granted_scopes: string[];
}

export interface AuthorizedShop {
  id: string;
  name: string;
  region: string;
  /** CROSS_BORDER or LOCAL. */
  seller_type: string | null;
  /** What every call to this shop names it by. */
  cipher: string;
  code: string | null;
}

export interface ActiveShop {
  id: string;
  region: string;
}

export interface StockAt {
  /** null: the SKU has a single warehouse, which TikTok did not name. */
  warehouse_id: string | null;
  quantity: number;
}

export interface ShopSku {
  id: string;
  seller_sku: string | null;
  /** The buyer's price where TikTok gives one, else the price before tax. */
  price: Money | null;
  inventory: StockAt[];
  /** NORMAL or DEACTIVATED. */
  status: string | null;
  /** As a buyer sees it: [{ name: 'Colour', value: 'Red' }]; empty in searches. */
  attributes: { name: string; value: string }[];
}

/** A search gives no description, pictures and attributes: see `detailed`. */
export interface ShopProduct {
  id: string;
  title: string;
  /** DRAFT, PENDING, FAILED, ACTIVATE, SELLER_DEACTIVATED, PLATFORM_DEACTIVATED, FREEZE, DELETED. */
  status: string;
  audit_status: string | null;
  description: string | null;
  image_urls: string[];
  skus: ShopSku[];
  create_time_ms: number | null;
  update_time_ms: number | null;
  detailed: boolean;
}

export interface WarehouseStock {
  warehouse_id: string;
  available: number;
  /** Sold and not shipped yet. */
  committed: number;
}

export interface InventoryRow {
  product_id: string;
  sku_id: string;
  seller_sku: string | null;
  available: number;
  committed: number;
  warehouses: WarehouseStock[];
}

/** quantity: what is there to sell from now on, not a difference; every warehouse of the SKU must be listed. */
export interface StockUpdate {
  sku_id: string;
  inventory: { warehouse_id: string | null; quantity: number }[];
}

export interface PriceUpdate {
  sku_id: string;
  price: Money;
  /** What the buyer pays; cross-border sellers only. */
  sale_price?: Money;
}

/** One for each unit that was bought. */
export interface OrderLineItem {
  id: string;
  product_id: string;
  product_name: string;
  sku_id: string;
  sku_name: string | null;
  seller_sku: string | null;
  image_url: string | null;
  /** The item's own status, in the words of orders. */
  status: string | null;
  sale_price: Money | null;
  original_price: Money | null;
  package_id: string | null;
  /** TO_FULFILL, PROCESSING, FULFILLING, COMPLETED, CANCELLED. */
  package_status: string | null;
  tracking_number: string | null;
  shipping_provider_id: string | null;
  shipping_provider_name: string | null;
  cancel_reason: string | null;
  cancelled_by: string | null;
  is_gift: boolean;
}

/** Empty or masked for as long as TikTok keeps the buyer to itself. */
export interface RecipientAddress {
  name: string | null;
  phone_number: string | null;
  full_address: string | null;
  address_lines: string[];
  postal_code: string | null;
  post_town: string | null;
  region_code: string | null;
  districts: { level: string | null; level_name: string | null; name: string }[];
}

export interface OrderPayment {
  currency: string;
  total: Money;
  sub_total: Money | null;
  shipping_fee: Money | null;
  tax: Money | null;
  seller_discount: Money | null;
  platform_discount: Money | null;
}

export interface ShopOrder {
  id: string;
  /** UNPAID, ON_HOLD, AWAITING_SHIPMENT, PARTIALLY_SHIPPING, AWAITING_COLLECTION, IN_TRANSIT, DELIVERED, COMPLETED, CANCELLED. */
  status: string;
  order_type: string | null;
  buyer_user_id: string | null;
  buyer_nickname: string | null;
  buyer_email: string | null;
  buyer_message: string | null;
  seller_note: string | null;
  create_time_ms: number;
  update_time_ms: number;
  paid_time_ms: number | null;
  is_on_hold: boolean;
  is_cod: boolean;
  is_sample: boolean;
  is_replacement: boolean;
  is_buyer_request_cancel: boolean;
  cancel_reason: string | null;
  /** SELLER, BUYER, SYSTEM. */
  cancelled_by: string | null;
  cancel_time_ms: number | null;
  /** Until when the seller has to answer a buyer's wish to cancel. */
  cancel_answer_due_ms: number | null;
  /** Ready to ship: the seller's own promise and TikTok's. */
  ready_to_ship_due_ms: number | null;
  ship_by_ms: number | null;
  collect_by_ms: number | null;
  deliver_by_ms: number | null;
  /** TIKTOK or SELLER. */
  shipping_type: string | null;
  /** FULFILLMENT_BY_SELLER or one of TikTok's own, which refuse all of the seller's actions. */
  fulfillment_type: string | null;
  delivery_option_id: string | null;
  delivery_option_name: string | null;
  shipping_provider_id: string | null;
  shipping_provider_name: string | null;
  tracking_number: string | null;
  warehouse_id: string | null;
  /** COMBINED or SPLIT. */
  split_or_combine: string | null;
  package_ids: string[];
  payment: OrderPayment | null;
  recipient: RecipientAddress | null;
  line_items: OrderLineItem[];
}

export interface ShopPackage {
  id: string;
  /** PROCESSING, FULFILLING, COMPLETED, CANCELLED; null before a shipment is arranged. */
  status: string | null;
  orders: { id: string; skus: { id: string; name: string | null; quantity: number }[] }[];
  order_line_item_ids: string[];
  shipping_type: string | null;
  shipping_provider_id: string | null;
  shipping_provider_name: string | null;
  tracking_number: string | null;
  delivery_option_id: string | null;
  /** PICKUP or DROP_OFF. */
  handover_method: string | null;
  /** DEFAULT, COMBINE, SPLIT. */
  split_and_combine: string | null;
  create_time_ms: number | null;
  update_time_ms: number | null;
}

export interface HandoverSlots {
  can_pickup: boolean;
  can_drop_off: boolean;
  drop_off_point_url: string | null;
  pickup_slots: { start_ms: number; end_ms: number; available: boolean }[];
}

export interface TrackingEvent {
  description: string;
  time_ms: number;
}

export interface MarkedShipped {
  package_id: string;
  order_line_item_ids: string[];
  warning: string | null;
}

export type ShippingDocumentType =
  | 'SHIPPING_LABEL'
  | 'PACKING_SLIP'
  | 'SHIPPING_LABEL_AND_PACKING_SLIP'
  | 'SHIPPING_LABEL_PICTURE'
  | 'HAZMAT_LABEL'
  | 'INVOICE_LABEL';

export interface ShippingDocument {
  /** Whoever has it can read the buyer's address; good for 24 hours. */
  url: string;
  tracking_number: string | null;
}

export interface Warehouse {
  id: string;
  name: string;
  /** ENABLED, DISABLED, RESTRICTED. */
  effect_status: string | null;
  /** SALES_WAREHOUSE or RETURN_WAREHOUSE. */
  type: string | null;
  sub_type: string | null;
  is_default: boolean;
  region_code: string | null;
  full_address: string | null;
}

export interface DeliveryOption {
  id: string;
  name: string;
  /** STANDARD, EXPRESS, ECONOMY, SEND_BY_SELLER. */
  type: string | null;
  description: string | null;
}

export interface ShippingProvider {
  id: string;
  name: string;
}

export interface OrderCancellation {
  cancel_id: string;
  order_id: string;
  /** CANCELLATION_REQUEST_PENDING, _SUCCESS, _CANCEL, _COMPLETE. */
  status: string;
  /** CANCEL (by seller or TikTok) or BUYER_CANCEL (waits for an answer). */
  type: string | null;
  /** BUYER, SELLER, SYSTEM. */
  role: string | null;
  reason: string | null;
  reason_text: string | null;
  order_line_item_ids: string[];
  create_time_ms: number | null;
  update_time_ms: number | null;
  answer_due_ms: number | null;
}

export interface OrderReturn {
  return_id: string;
  order_id: string;
  status: string;
  /** REFUND, RETURN_AND_REFUND, REPLACEMENT. */
  type: string | null;
  role: string | null;
  reason: string | null;
  reason_text: string | null;
  order_line_item_ids: string[];
  refund: Money | null;
  create_time_ms: number | null;
  update_time_ms: number | null;
  answer_due_ms: number | null;
}

export interface SplitAttributes {
  order_id: string;
  can_split: boolean;
  must_split: boolean;
  reason: string | null;
}

export interface WebhookSubscription {
  event_type: string;
  address: string;
}

export interface PackageOrders {
  id: string;
  order_ids: string[];
}
