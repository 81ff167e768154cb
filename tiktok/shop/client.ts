import type {
  ActiveShop,
  AuthorizedShop,
  DeliveryOption,
  HandoverSlots,
  InventoryRow,
  MarkedShipped,
  OrderCancellation,
  OrderReturn,
  PackageOrders,
  Page,
  PriceUpdate,
  ShippingDocument,
  ShippingDocumentType,
  ShippingProvider,
  ShopItemFailure,
  ShopOrder,
  ShopPackage,
  ShopProduct,
  ShopResult,
  ShopTokens,
  SplitAttributes,
  StockUpdate,
  TrackingEvent,
  Unreadable,
  Warehouse,
  WebhookSubscription,
} from '../../domain/contracts/shop-api.ts';

/** Our app in TikTok Shop's Partner Center. */
export interface ShopApp {
  readonly app_key: string;
  readonly app_secret: string;
}

/** A shop, and the right to call it. */
export interface ShopAccess {
  /** Which limit a call counts against. */
  shop_id: string;
  shop_cipher: string;
  access_token: string;
}

/** A seller's authorization, which may cover several shops. */
export interface SellerAccess {
  access_token: string;
}

export interface PageOf {
  /** Default: as many as the endpoint gives. */
  page_size?: number | undefined;
  page_token?: string | null | undefined;
}

/** Epoch milliseconds: from, inclusive; to, exclusive. */
export interface TimeRange {
  created_from_ms?: number | undefined;
  created_to_ms?: number | undefined;
  updated_from_ms?: number | undefined;
  updated_to_ms?: number | undefined;
}

export interface Sorting {
  sort_field?: 'create_time' | 'update_time' | undefined;
  sort_order?: 'ASC' | 'DESC' | undefined;
}

export type ShipInput =
  | { kind: 'tiktok'; handover_method?: 'PICKUP' | 'DROP_OFF' | undefined; pickup_slot?: { start_ms: number; end_ms: number } | undefined }
  | { kind: 'self'; tracking_number: string; shipping_provider_id: string };

export interface Tracking {
  tracking_number: string;
  shipping_provider_id: string;
}

/**
 * TikTok Shop's Partner API, 202309 and later (https://partner.tiktokshop.com/docv2/page/tts-api-concepts-overview). Every call has a timeout, waits
 * for its shop's turn and ends early by `signal`, whose reason is then thrown; expected failures are values. More items than an endpoint takes
 * are a RangeError.
 */
export interface ShopClient {
  getTokens(authCode: string, signal?: AbortSignal): Promise<ShopResult<ShopTokens>>;
  refreshTokens(refreshToken: string, signal?: AbortSignal): Promise<ShopResult<ShopTokens>>;
  authorizedShops(seller: SellerAccess, signal?: AbortSignal): Promise<ShopResult<AuthorizedShop[]>>;
  activeShops(seller: SellerAccess, signal?: AbortSignal): Promise<ShopResult<ActiveShop[]>>;

  searchProducts(
    shop: ShopAccess,
    search: PageOf & TimeRange & { status?: string | undefined; seller_skus?: readonly string[] | undefined; sku_ids?: readonly string[] | undefined },
    signal?: AbortSignal,
  ): Promise<ShopResult<Page<ShopProduct>>>;
  product(shop: ShopAccess, productId: string, signal?: AbortSignal): Promise<ShopResult<ShopProduct>>;
  /** At most 20; gives those that TikTok did not take. Going live again is another review. */
  activateProducts(shop: ShopAccess, productIds: readonly string[], signal?: AbortSignal): Promise<ShopResult<ShopItemFailure[]>>;
  deactivateProducts(shop: ShopAccess, productIds: readonly string[], signal?: AbortSignal): Promise<ShopResult<ShopItemFailure[]>>;
  /** Of at most 100 products or 600 SKUs. */
  inventory(shop: ShopAccess, of: { product_ids: readonly string[] } | { sku_ids: readonly string[] }, signal?: AbortSignal): Promise<ShopResult<InventoryRow[]>>;
  /** At most 100 SKUs of one product; gives those that TikTok did not take, the others are changed. */
  updateInventory(shop: ShopAccess, productId: string, skus: readonly StockUpdate[], signal?: AbortSignal): Promise<ShopResult<ShopItemFailure[]>>;
  updatePrices(shop: ShopAccess, productId: string, skus: readonly PriceUpdate[], signal?: AbortSignal): Promise<ShopResult<ShopItemFailure[]>>;

  /** A new order may take half a minute to be found. */
  searchOrders(shop: ShopAccess, search: PageOf & TimeRange & Sorting & { status?: string | undefined }, signal?: AbortSignal): Promise<ShopResult<Page<ShopOrder>>>;
  /** At most 50; what TikTok does not return does not exist in this shop. */
  orders(shop: ShopAccess, orderIds: readonly string[], signal?: AbortSignal): Promise<ShopResult<{ orders: ShopOrder[]; unreadable: Unreadable[] }>>;
  cancelOrder(
    shop: ShopAccess,
    input: { order_id: string; cancel_reason: string; skus?: readonly { sku_id: string; quantity: number }[] | undefined; order_line_item_ids?: readonly string[] | undefined },
    signal?: AbortSignal,
  ): Promise<ShopResult<{ cancel_id: string; status: string }>>;
  approveCancellation(shop: ShopAccess, cancelId: string, idempotencyKey: string, signal?: AbortSignal): Promise<ShopResult<null>>;
  /** reject_reason: one of rejectReasons. */
  rejectCancellation(shop: ShopAccess, input: { cancel_id: string; reject_reason: string; comment?: string | undefined; idempotency_key: string }, signal?: AbortSignal): Promise<ShopResult<null>>;
  rejectReasons(shop: ShopAccess, returnOrCancelId: string, signal?: AbortSignal): Promise<ShopResult<{ name: string; text: string }[]>>;
  searchCancellations(shop: ShopAccess, search: PageOf & TimeRange & Sorting & AfterSaleFilter & { cancel_ids?: readonly string[] | undefined }, signal?: AbortSignal): Promise<ShopResult<Page<OrderCancellation>>>;
  searchReturns(shop: ShopAccess, search: PageOf & TimeRange & Sorting & AfterSaleFilter & { return_ids?: readonly string[] | undefined }, signal?: AbortSignal): Promise<ShopResult<Page<OrderReturn>>>;

  warehouses(shop: ShopAccess, signal?: AbortSignal): Promise<ShopResult<Warehouse[]>>;
  deliveryOptions(shop: ShopAccess, warehouseId: string, signal?: AbortSignal): Promise<ShopResult<DeliveryOption[]>>;
  shippingProviders(shop: ShopAccess, deliveryOptionId: string, signal?: AbortSignal): Promise<ShopResult<ShippingProvider[]>>;

  package(shop: ShopAccess, packageId: string, signal?: AbortSignal): Promise<ShopResult<ShopPackage>>;
  searchPackages(shop: ShopAccess, search: PageOf & TimeRange & Sorting & { status?: string | undefined }, signal?: AbortSignal): Promise<ShopResult<Page<ShopPackage>>>;
  handoverSlots(shop: ShopAccess, packageId: string, signal?: AbortSignal): Promise<ShopResult<HandoverSlots>>;
  shipPackage(shop: ShopAccess, packageId: string, input: ShipInput, signal?: AbortSignal): Promise<ShopResult<null>>;
  /** Of the seller's own shipping; without line items the whole order. */
  markShipped(shop: ShopAccess, orderId: string, input: Tracking & { order_line_item_ids?: readonly string[] | undefined }, signal?: AbortSignal): Promise<ShopResult<MarkedShipped>>;
  /** TikTok takes one change. */
  updatePackageTracking(shop: ShopAccess, packageId: string, tracking: Tracking, signal?: AbortSignal): Promise<ShopResult<null>>;
  updateOrderTracking(shop: ShopAccess, orderId: string, tracking: Tracking, signal?: AbortSignal): Promise<ShopResult<null>>;
  orderTracking(shop: ShopAccess, orderId: string, signal?: AbortSignal): Promise<ShopResult<TrackingEvent[]>>;
  shippingDocument(shop: ShopAccess, packageId: string, input: { type: ShippingDocumentType; size?: string | undefined; format?: 'PDF' | 'ZPL' | undefined }, signal?: AbortSignal): Promise<ShopResult<ShippingDocument>>;
  /** The bytes of a PDF that shippingDocument named; only from TikTok's hosts, or from the API's own. */
  downloadDocument(document: ShippingDocument, signal?: AbortSignal): Promise<ShopResult<Buffer>>;

  splitAttributes(shop: ShopAccess, orderIds: readonly string[], signal?: AbortSignal): Promise<ShopResult<SplitAttributes[]>>;
  /** A group of line items for each package. */
  splitOrder(shop: ShopAccess, orderId: string, groups: readonly (readonly string[])[], signal?: AbortSignal): Promise<ShopResult<{ package_id: string; group: number }[]>>;
  combinablePackages(shop: ShopAccess, page: PageOf, signal?: AbortSignal): Promise<ShopResult<Page<PackageOrders>>>;
  combinePackages(shop: ShopAccess, packages: readonly PackageOrders[], signal?: AbortSignal): Promise<ShopResult<{ packages: PackageOrders[]; failed: ShopItemFailure[] }>>;
  uncombinePackage(shop: ShopAccess, packageId: string, orderIds: readonly string[], signal?: AbortSignal): Promise<ShopResult<PackageOrders[]>>;

  webhooks(shop: ShopAccess, signal?: AbortSignal): Promise<ShopResult<WebhookSubscription[]>>;
  /** Sets or replaces the address of this kind. @param subscription address: https, a name, no port, at most 255 characters */
  subscribeWebhook(shop: ShopAccess, subscription: WebhookSubscription, signal?: AbortSignal): Promise<ShopResult<null>>;
  unsubscribeWebhook(shop: ShopAccess, eventType: string, signal?: AbortSignal): Promise<ShopResult<null>>;
  close(): Promise<void>;
}

export interface AfterSaleFilter {
  order_ids?: readonly string[] | undefined;
  status?: readonly string[] | undefined;
}
