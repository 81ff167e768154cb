import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { AppError, type ErrorCode } from '../domain/errors.ts';

/** The HTTP edge of the error table: every code has its status, or this does not compile. */
export const HTTP_STATUS: Readonly<Record<ErrorCode, ContentfulStatusCode>> = {
  validation_failed: 422,
  malformed_json: 400,
  payload_too_large: 413,
  unsupported_media_type: 415,
  unauthenticated: 401,
  token_expired: 401,
  invalid_credentials: 401,
  forbidden: 403,
  not_found: 404,
  email_taken: 409,
  already_member: 409,
  last_owner: 409,
  conflict: 409,
  rate_limited: 429,
  plan_limit: 403,
  unavailable: 503,
  internal: 500,

  invalid_tiktok_input: 422,
  short_link_unresolved: 422,
  user_not_found: 422,
  user_offline: 409,
  room_ended: 409,
  age_restricted: 409,
  tiktok_refused: 502,
  tiktok_unreachable: 504,
  tiktok_bad_response: 502,
  sign_rate_limited: 503,
  sign_payment_required: 502,
  sign_unauthorized: 502,
  sign_unavailable: 502,
  socket_closed: 502,
  socket_silent: 504,
  duplicate_session: 409,
  superseded: 409,

  device_not_found: 404,
  device_unreachable: 504,
  device_refused: 502,
  mqtt_unavailable: 503,
  private_address: 422,
  invalid_url: 422,
  invalid_config: 422,
  target_refused: 502,
  target_failed: 502,
  target_timeout: 504,
  target_unreachable: 502,
  target_busy: 503,
  feature_off: 501,
  mail_refused: 502,
  mail_unavailable: 503,
  gave_up: 502,

  oauth_denied: 403,
  oauth_state_forged: 400,
  oauth_state_expired: 400,
  oauth_state_replayed: 400,
  oauth_state_foreign: 403,
  oauth_failed: 502,
  tiktok_app_missing: 501,
  reconnect_needed: 409,
  account_disconnected: 409,
  token_lost: 409,
  scope_missing: 409,
  tiktok_token_invalid: 502,

  tiktok_internal: 502,
  tiktok_rate_limited: 503,
  tiktok_daily_cap: 409,
  tiktok_pending_cap: 409,
  tiktok_active_user_cap: 409,
  tiktok_user_banned: 409,
  tiktok_unaudited: 409,
  tiktok_url_unverified: 422,
  tiktok_privacy_mismatch: 422,
  tiktok_invalid_params: 502,
  tiktok_invalid_publish_id: 502,
  tiktok_not_cancellable: 409,
  tiktok_app_version: 409,
  upload_dead: 502,
  post_refused: 409,
  post_not_editable: 409,
  post_not_cancellable: 409,
  post_not_retryable: 409,
  post_not_deletable: 409,
  post_unconfirmed: 409,
  media_empty: 422,
  media_too_large: 413,
  media_type: 422,
  media_truncated: 422,
  media_codec: 422,
  media_frame_rate: 422,
  media_picture_size: 422,
  media_too_long: 422,
  media_missing: 409,
  media_changed: 409,
  webhook_signature: 401,
  webhook_too_old: 401,

  shop_app_missing: 501,
  shop_app_refused: 502,
  shop_clock_skew: 502,
  shop_endpoint_unknown: 502,
  shop_app_quota: 503,
  shop_auth_code: 409,
  shop_reconnect_needed: 409,
  shop_scope_missing: 409,
  shop_mismatch: 409,
  shop_inactive: 409,
  shop_page_token: 409,
  shop_too_many_results: 422,
  shop_product_not_found: 404,
  shop_sku_not_found: 404,
  shop_product_state: 409,
  shop_stock_refused: 422,
  shop_stock_locked: 409,
  shop_warehouse_refused: 422,
  shop_price_refused: 422,
  shop_order_not_found: 404,
  shop_order_on_hold: 409,
  shop_order_cancelled: 409,
  shop_already_shipped: 409,
  shop_already_delivered: 409,
  shop_not_shipped: 409,
  shop_after_sale_open: 409,
  shop_shipped_by_tiktok: 409,
  shop_not_in_market: 409,
  shop_tracking_refused: 422,
  shop_tracking_final: 409,
  shop_invoice_missing: 409,
  shop_pickup_refused: 422,
  shop_package_refused: 422,
  shop_label_pending: 409,
  shop_label_missing: 409,
  shop_cancel_refused: 409,
  shop_refused: 409,
  shop_webhook_unreadable: 400,
  shop_taken: 409,
  shop_channel_paused: 409,
  shop_channel_disconnected: 409,
  shop_sku_foreign: 422,
  shop_stock_superseded: 409,
  shop_stock_short: 409,
  shop_shipment_unconfirmed: 409,
  shop_product_unstorable: 500,
  shop_order_unstorable: 500,
  shop_message_invalid: 422,
  amqp_unavailable: 503,
};

export interface FieldFault {
  /** Dotted path in the body, or the name of the parameter or header. */
  field: string;
  message: string;
}

export interface ApiErrorExtras {
  detail?: string;
  errors?: FieldFault[];
  retryAfterS?: number;
  /** Why a token was refused. */
  reason?: 'missing' | 'expired' | 'invalid';
}

/** An AppError with what only HTTP can say: faults by field, Retry-After, the reason of a 401. */
export class ApiError extends AppError {
  readonly extras: ApiErrorExtras;

  constructor(code: ErrorCode, extras: ApiErrorExtras = {}, options?: ErrorOptions) {
    super(code, extras.detail ?? null, options);
    this.name = 'ApiError';
    this.extras = extras;
  }
}

/** A 422 that names one field; `code` where a more telling one than validation_failed exists. */
export const fieldError = (field: string, message: string, code: ErrorCode = 'validation_failed'): ApiError =>
  new ApiError(code, { detail: `${field}: ${message}`, errors: [{ field, message }] });
