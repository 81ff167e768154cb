import type { ShopRetry } from '../contracts/shop-api.ts';
import { ERRORS, type ErrorCode } from '../errors.ts';

/** Codes of the gateway and of the token host: https://partner.tiktokshop.com/docv2/page/common-errors. */
const GATEWAY: Readonly<Partial<Record<ErrorCode, readonly number[]>>> = {
  tiktok_rate_limited: [36009002],
  tiktok_internal: [36009003, 36009007],
  shop_app_quota: [36009037],
  shop_endpoint_unknown: [36009009, 36009010, 36009014],
  tiktok_invalid_params: [36009021, 36009022, 36009023, 98001004],
  shop_app_refused: [36009033, 106001],
  shop_inactive: [36009043, 36009044, 12052700],
  tiktok_token_invalid: [105001, 105002],
  shop_scope_missing: [105005],
  shop_mismatch: [101000, 106011, 106013],
  shop_auth_code: [36004004],
  shop_reconnect_needed: [36004001, 36004005],
};

/** From the tables of the endpoints: .../docv2/page/search-products-202502, update-inventory-202309 and their neighbours. */
const PRODUCTS: Readonly<Partial<Record<ErrorCode, readonly number[]>>> = {
  shop_too_many_results: [12052180],
  shop_page_token: [12019108, 12019109],
  tiktok_invalid_params: [12019027, 12019087, 12019118, 12019119, 12019120, 12019015, 12052050, 12052902, 12052910, 12052553],
  shop_mismatch: [12052704],
  shop_product_not_found: [12019008, 12052031, 12052032, 12052048, 12052260],
  shop_sku_not_found: [12052036, 12052556, 12052557],
  shop_product_state: [12052901, 12052093, 12052141, 12052308, 12052330, 12052332, 12052547],
  shop_stock_refused: [12019024, 12052055],
  shop_stock_locked: [12052037, 12052371, 12052393, 12052850, 12052921],
  shop_warehouse_refused: [12019022, 12019028, 12052094, 12052096, 12052097, 12052115, 12052364, 12052403, 12052530, 12052531, 12052532, 12052533],
  shop_price_refused: [12019045, 12052012, 12052038, 12052073, 12052084, 12052092, 12052376, 12052383, 12052424, 12052570, 12052572, 12052861],
};

/** .../docv2/page/ship-package-202309, mark-package-as-shipped-202309, update-package-shipping-info-202309, get-package-shipping-document-202309. */
const ORDERS: Readonly<Partial<Record<ErrorCode, readonly number[]>>> = {
  tiktok_internal: [
    ...[10002014, 10002015, 10037002, 10037003, 10037004, 11001027, 11001031],
    ...[21001003, 21001008, 21001011, 21001029, 21001043, 21001055, 21042001, 21042067, 21042076],
  ],
  tiktok_invalid_params: [11001002, 11050001, 21001001],
  shop_order_not_found: [10006402, 21008111, 21011028],
  shop_order_on_hold: [21011044],
  shop_order_cancelled: [21011041, 21011042, 21023059, 25001010],
  shop_already_shipped: [11006021, 21008042, 21008099, 21011006, 21011020, 21011040, 21022025, 21023046, 21042056, 21042057],
  shop_already_delivered: [21011027, 21011030],
  shop_not_shipped: [21011043, 21023035, 21042104],
  shop_after_sale_open: [21008044, 21011007, 21021010],
  shop_shipped_by_tiktok: [21008025, 21008043, 21008117],
  shop_not_in_market: [21008106, 21008116, 21011004],
  shop_tracking_refused: [11028006, 21004012, 21004015, 21004016, 21011022, 21011025, 21011026, 21034012],
  shop_tracking_final: [10007002, 21011049, 21011050, 21011051, 21011052],
  shop_invoice_missing: [21004006, 21004019, 21004020],
  shop_pickup_refused: [21004017, 21011053, 21011054],
  shop_package_refused: [
    ...[11021010, 11021012, 11021013, 11021023, 11021024, 11021025, 11021011, 11021021, 11021009, 11006013, 11006014],
    ...[11021014, 11021015, 11021016, 11021017, 11021018, 11021019, 11021020, 11021022],
  ],
  shop_label_pending: [11034023, 11034037],
  shop_label_missing: [11034002, 11034009, 21008017, 21008109, 21042102],
  shop_cancel_refused: [25001001, 25001011, 25001051, 25020005],
};

const BY_NUMBER: ReadonlyMap<number, ErrorCode> = new Map(
  [GATEWAY, PRODUCTS, ORDERS].flatMap((table) => Object.entries(table).flatMap(([code, numbers]) => numbers.map((number) => [number, code as ErrorCode] as const))),
);

/** One code for whatever the gateway does not like; only its words tell, and those differ between regions: hence keywords. */
const AMBIGUOUS = 36009004;
const KEYWORDS: readonly (readonly [words: RegExp, code: ErrorCode])[] = [
  [/timestamp.*(less|negative|earlier|more than|later|ahead|invalid|expired)|(earlier|later|expired|invalid).*timestamp/i, 'shop_clock_skew'],
  [/access[_-]token/i, 'tiktok_token_invalid'],
  [/app_key|signature/i, 'shop_app_refused'],
  [/page_token/i, 'shop_page_token'],
  [/(shop_cipher|category_asset_cipher|shop_id)\b.*(not required|invalid)/i, 'shop_mismatch'],
  [/API version/i, 'shop_endpoint_unknown'],
];

/** Our code for TikTok Shop's; `tiktokCode` null: it gave none, and the HTTP status has to do. */
export function codeOfShopError(tiktokCode: number | null, message: string, status: number): ErrorCode {
  if (tiktokCode === AMBIGUOUS) return KEYWORDS.find(([words]) => words.test(message))?.[1] ?? (status >= 500 ? 'tiktok_internal' : 'tiktok_invalid_params');
  const known = tiktokCode === null ? undefined : BY_NUMBER.get(tiktokCode);
  if (known !== undefined) return known;
  if (status === 429) return 'tiktok_rate_limited';
  if (status >= 500 || status === 408) return 'tiktok_internal';
  if (tiktokCode !== null) return 'shop_refused';
  return status === 401 ? 'tiktok_token_invalid' : 'tiktok_invalid_params';
}

/** What becomes of the same call later. */
export function retryOf(code: ErrorCode): ShopRetry {
  if (code === 'tiktok_token_invalid') return 'refresh';
  return ERRORS[code].permanent ? 'never' : 'later';
}

/** With these nobody knows whether TikTok did it. */
export const isIndefinite = (code: ErrorCode): boolean => code === 'tiktok_internal';
