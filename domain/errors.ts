/**
 * The one table of error codes. `message` says what happened and what to do; `permanent`: trying again can't help.
 * The HTTP status of each code stands in api/errors.ts; a test keeps docs/errors.md equal to this table.
 */
export const ERRORS = {
  // Input and access
  validation_failed: { message: 'The request has faults; each is named by its field.', permanent: true },
  malformed_json: { message: 'The body is not valid JSON.', permanent: true },
  payload_too_large: { message: 'The body is larger than this route takes.', permanent: true },
  unsupported_media_type: { message: 'Send the body as application/json.', permanent: true },
  unauthenticated: { message: 'Sign in first: send "Authorization: Bearer <access_token>".', permanent: true },
  token_expired: { message: 'The access token has expired: sign in again.', permanent: true },
  invalid_credentials: { message: 'E-mail or password is wrong.', permanent: true },
  forbidden: { message: 'Your role in this workspace lacks the permission that this needs.', permanent: true },
  not_found: { message: 'There is nothing here under this id, or not in your workspace.', permanent: true },
  email_taken: { message: 'This e-mail address can not be registered.', permanent: true },
  already_member: { message: 'This person is a member of the workspace already.', permanent: true },
  last_owner: { message: 'A workspace keeps at least one owner: make somebody else owner first.', permanent: true },
  conflict: { message: 'The state changed meanwhile: read it again and repeat.', permanent: false },
  rate_limited: { message: 'Too many requests: wait as long as Retry-After says.', permanent: false },
  plan_limit: { message: 'The plan of this workspace allows no more of these.', permanent: true },
  unavailable: { message: 'A part that this needs does not answer right now: try again soon.', permanent: false },
  internal: { message: 'Something failed on our side; the request id finds it in the log.', permanent: false },

  // TikTok LIVE
  invalid_tiktok_input: {
    message:
      'Not a TikTok LIVE. Accepted: @name, name, a 19-digit room id, https://www.tiktok.com/@name/live, https://vm.tiktok.com/… or https://vt.tiktok.com/…',
    permanent: true,
  },
  short_link_unresolved: { message: 'The short link leads to no TikTok LIVE.', permanent: true },
  user_not_found: { message: 'TikTok knows no user of this name.', permanent: true },
  user_offline: { message: 'This user is not live now.', permanent: false },
  room_ended: { message: 'This LIVE is over.', permanent: true },
  age_restricted: { message: 'TikTok shows this LIVE to signed-in adults only: connect again with a session_cookie.', permanent: true },
  tiktok_refused: { message: 'TikTok refused the connection.', permanent: false },
  tiktok_unreachable: { message: 'TikTok does not answer.', permanent: false },
  tiktok_bad_response: { message: 'TikTok answered with something that is not its protocol.', permanent: false },
  sign_rate_limited: { message: 'The sign service’s allowance is used up; it is asked again when it says so.', permanent: false },
  sign_payment_required: { message: 'The sign service wants a paid plan or an API key for this (SIGN_API_KEY).', permanent: true },
  sign_unauthorized: { message: 'The sign service refused the API key (SIGN_API_KEY).', permanent: true },
  sign_unavailable: { message: 'The sign service fails or does not answer.', permanent: false },
  socket_closed: { message: 'The connection to TikTok broke.', permanent: false },
  socket_silent: { message: 'The connection to TikTok was dead: it answered no ping.', permanent: false },
  duplicate_session: { message: 'Another session of this workspace listens to the same room.', permanent: true },
  superseded: { message: 'Another consumer has taken this livestream over.', permanent: true },

  // Actions
  device_not_found: { message: 'The device was deleted.', permanent: true },
  device_unreachable: { message: 'The device or its broker does not answer.', permanent: false },
  device_refused: { message: 'The device refused the command.', permanent: true },
  mqtt_unavailable: { message: 'The MQTT broker does not answer (MQTT_URL).', permanent: false },
  private_address: {
    message: 'The address is private or link-local; webhooks go to public addresses only (ALLOW_PRIVATE_WEBHOOKS=1 lifts that).',
    permanent: true,
  },
  invalid_url: { message: 'The rendered URL is not an http or https URL.', permanent: true },
  invalid_config: { message: 'The rendered action is not valid.', permanent: true },
  target_refused: { message: 'The other side refused the request for good.', permanent: true },
  target_failed: { message: 'The other side failed; it is tried again.', permanent: false },
  target_timeout: { message: 'The other side did not answer in time; it is tried again.', permanent: false },
  target_unreachable: { message: 'The other side could not be reached; it is tried again.', permanent: false },
  target_busy: { message: 'The other side is failing; the action waits until it answers again.', permanent: false },
  feature_off: { message: 'This feature is not configured on this installation.', permanent: true },
  mail_refused: { message: 'The mail server refused the message.', permanent: true },
  mail_unavailable: { message: 'The mail server does not answer.', permanent: false },
  gave_up: { message: 'It was tried for as long as promised and never succeeded.', permanent: true },

  // TikTok accounts
  oauth_denied: { message: 'The person did not give consent on TikTok’s page: connect again and allow it.', permanent: true },
  oauth_state_forged: { message: 'This return from TikTok was not started here: begin again with Connect.', permanent: true },
  oauth_state_expired: { message: 'Too much time has passed since Connect: begin again.', permanent: true },
  oauth_state_replayed: { message: 'This return from TikTok was used already: begin again with Connect.', permanent: true },
  oauth_state_foreign: { message: 'Somebody else, or another browser, began this: begin again with Connect in this browser.', permanent: true },
  oauth_failed: { message: 'TikTok refused to hand out tokens.', permanent: true },
  tiktok_app_missing: { message: 'No TikTok app is configured: set TIKTOK_CLIENT_KEY and TIKTOK_CLIENT_SECRET.', permanent: true },
  reconnect_needed: { message: 'TikTok has ended the consent of this account: connect it again.', permanent: true },
  account_disconnected: { message: 'This account was disconnected: connect it again.', permanent: true },
  token_lost: {
    message: 'The process ended between TikTok’s answer to a refresh and our commit, and TikTok takes the old token no more: connect the account again.',
    permanent: true,
  },
  scope_missing: { message: 'The account was connected without a scope that this needs: connect it again and allow it.', permanent: true },
  tiktok_token_invalid: { message: 'TikTok does not take the access token; it is refreshed.', permanent: false },

  // Publishing
  tiktok_internal: { message: 'TikTok failed on its side; it is tried again.', permanent: false },
  tiktok_rate_limited: { message: 'TikTok allows no more calls of this kind right now; it goes on by itself.', permanent: false },
  tiktok_daily_cap: { message: 'TikTok allows this account no more posts by apps today; it goes on when the 24 hours are over.', permanent: false },
  tiktok_pending_cap: { message: 'Five drafts of the last 24 hours wait in the TikTok inbox: post or discard one in the app.', permanent: false },
  tiktok_active_user_cap: { message: 'The TikTok app’s quota of publishing users is used up for today; it is the app’s, not this account’s.', permanent: false },
  tiktok_user_banned: { message: 'TikTok has banned this account from posting: see the notice in the TikTok app.', permanent: true },
  tiktok_unaudited: {
    message: 'The TikTok app is not audited: it may post to private accounts only. Set the account to private in TikTok, or have the app audited.',
    permanent: true,
  },
  tiktok_url_unverified: { message: 'TikTok does not know the host of this URL as ours: verify it in the TikTok developer portal under URL properties.', permanent: true },
  tiktok_privacy_mismatch: { message: 'TikTok does not offer this privacy level to this creator: see creator-info for those it offers.', permanent: true },
  tiktok_invalid_params: { message: 'TikTok refused what it was asked.', permanent: true },
  tiktok_invalid_publish_id: { message: 'TikTok does not know this publish_id.', permanent: true },
  tiktok_not_cancellable: { message: 'TikTok is too far with this post to cancel it.', permanent: true },
  tiktok_app_version: { message: 'The TikTok app on the creator’s phone is too old for drafts of photos: update it.', permanent: true },
  upload_dead: { message: 'TikTok’s upload URL has expired or is unknown; the upload begins anew.', permanent: false },
  post_refused: { message: 'TikTok refused the post.', permanent: true },
  post_not_editable: { message: 'The post has begun and can not be changed any more.', permanent: true },
  post_not_cancellable: { message: 'The post can not be cancelled any more.', permanent: true },
  post_not_retryable: { message: 'Only a post that failed or was cancelled can be tried again.', permanent: true },
  post_not_deletable: { message: 'A post on its way can not be deleted: cancel it first.', permanent: true },
  post_unconfirmed: {
    message: 'TikTok never said what became of this post: look at the account before you try again, so that it is not posted twice.',
    permanent: true,
  },
  media_empty: { message: 'The file is empty.', permanent: true },
  media_too_large: { message: 'The file is larger than TikTok takes (video 4 GB, picture 20 MB).', permanent: true },
  media_type: { message: 'TikTok takes MP4, MOV and WebM videos, JPEG and WebP pictures.', permanent: true },
  media_truncated: { message: 'The file ends before its video does: it was not copied whole.', permanent: true },
  media_codec: { message: 'TikTok takes H.264, H.265, VP8 and VP9.', permanent: true },
  media_frame_rate: { message: 'TikTok takes 23 to 60 frames a second.', permanent: true },
  media_picture_size: { message: 'TikTok takes pictures of 360 to 4096 pixels a side.', permanent: true },
  media_too_long: { message: 'The video is longer than TikTok allows this creator.', permanent: true },
  media_missing: { message: 'The stored file is gone.', permanent: true },
  media_changed: { message: 'The stored file is not the one that was checked.', permanent: true },
  webhook_signature: { message: 'The signature of the webhook is missing or wrong.', permanent: true },
  webhook_too_old: { message: 'The webhook was signed too long ago.', permanent: true },

  // TikTok Shop
  shop_app_missing: { message: 'No TikTok Shop app is configured: set TIKTOK_SHOP_APP_KEY and TIKTOK_SHOP_APP_SECRET.', permanent: true },
  shop_app_refused: {
    message: 'TikTok Shop refuses the app: check TIKTOK_SHOP_APP_KEY, TIKTOK_SHOP_APP_SECRET and the app’s state and allowed addresses in Partner Center.',
    permanent: true,
  },
  shop_clock_skew: { message: 'The clock of this machine and TikTok Shop’s are too far apart.', permanent: false },
  shop_endpoint_unknown: { message: 'TikTok Shop does not know this call (any more).', permanent: true },
  shop_app_quota: { message: 'TikTok Shop allows this app no more calls in this hour; it goes on by itself.', permanent: false },
  shop_auth_code: {
    message: 'TikTok Shop does not take this authorization code: it was used, or is older than 30 minutes. Connect the shop again.',
    permanent: true,
  },
  shop_reconnect_needed: { message: 'The seller’s authorization of this shop has ended: connect it again.', permanent: true },
  shop_scope_missing: {
    message: 'The app or the seller’s authorization lacks a scope that this needs: enable it in Partner Center and connect the shop again.',
    permanent: true,
  },
  shop_mismatch: { message: 'TikTok Shop says that token and shop do not belong together: connect the shop again.', permanent: true },
  shop_inactive: { message: 'TikTok Shop has made this shop or its seller inactive.', permanent: true },
  shop_page_token: { message: 'TikTok Shop no longer knows this place in the list: the list begins anew.', permanent: true },
  shop_too_many_results: { message: 'TikTok Shop shows at most 10,000 results of a search: narrow it down.', permanent: true },
  shop_product_not_found: { message: 'TikTok Shop knows no such product in this shop.', permanent: true },
  shop_sku_not_found: { message: 'TikTok Shop knows no such SKU in this product.', permanent: true },
  shop_product_state: { message: 'The product’s state in TikTok Shop does not allow this.', permanent: true },
  shop_stock_refused: { message: 'TikTok Shop does not take this stock.', permanent: true },
  shop_stock_locked: { message: 'TikTok Shop holds this stock for itself: a promotion, an auction, a combined or shared inventory.', permanent: true },
  shop_warehouse_refused: { message: 'TikTok Shop does not take stock in this warehouse, or one of the SKU’s warehouses is missing.', permanent: true },
  shop_price_refused: { message: 'TikTok Shop does not take this price.', permanent: true },
  shop_order_not_found: { message: 'TikTok Shop knows no such order or package in this shop.', permanent: true },
  shop_order_on_hold: { message: 'The order is on hold: the buyer may still change it.', permanent: false },
  shop_order_cancelled: { message: 'The order or package is cancelled.', permanent: true },
  shop_already_shipped: { message: 'It has been shipped already.', permanent: true },
  shop_already_delivered: { message: 'It has been delivered already.', permanent: true },
  shop_not_shipped: { message: 'It has to be shipped first.', permanent: true },
  shop_after_sale_open: { message: 'The buyer’s wish to cancel or return has to be answered first.', permanent: true },
  shop_shipped_by_tiktok: { message: 'TikTok ships this itself; the seller can do nothing here.', permanent: true },
  shop_not_in_market: { message: 'TikTok Shop does not offer this way of shipping for this order or market.', permanent: true },
  shop_tracking_refused: { message: 'TikTok Shop does not take this tracking number or shipping provider.', permanent: true },
  shop_tracking_final: { message: 'The tracking number can not be changed any more.', permanent: true },
  shop_invoice_missing: { message: 'TikTok Shop wants the invoice of this order first.', permanent: true },
  shop_pickup_refused: { message: 'TikTok Shop does not take this time of pick-up.', permanent: true },
  shop_package_refused: { message: 'TikTok Shop’s carrier does not take the package: its address, size or weight.', permanent: true },
  shop_label_pending: { message: 'TikTok Shop is still making the document; it is asked for again.', permanent: false },
  shop_label_missing: { message: 'TikTok Shop has no such document for this package.', permanent: true },
  shop_cancel_refused: { message: 'TikTok Shop does not cancel this order.', permanent: true },
  shop_refused: { message: 'TikTok Shop refused this.', permanent: true },
  shop_webhook_unreadable: { message: 'The webhook is not one of TikTok Shop’s.', permanent: true },
  shop_taken: { message: 'Another workspace has this shop: disconnect it there first.', permanent: true },
  shop_channel_paused: { message: 'The channel is paused until the shop is connected again; nothing is lost meanwhile.', permanent: false },
  shop_channel_disconnected: { message: 'This shop was disconnected: connect it again.', permanent: true },
  shop_sku_foreign: { message: 'This SKU belongs to another shop or product.', permanent: true },
  shop_stock_superseded: { message: 'A newer value for this SKU has replaced it.', permanent: true },
  shop_stock_short: { message: 'More units are sold than there are.', permanent: true },
  shop_shipment_unconfirmed: {
    message: 'TikTok Shop never said whether it took the shipment: look at the order there before you try again.',
    permanent: true,
  },
  shop_product_unstorable: { message: 'The product could not be stored: it is set aside, and tried again with the next sync.', permanent: false },
  shop_order_unstorable: { message: 'The order could not be stored: it is set aside, and tried again while the others go on.', permanent: false },
  shop_message_invalid: { message: 'The message is not what its schema says.', permanent: true },
  amqp_unavailable: { message: 'RabbitMQ does not answer (AMQP_URL).', permanent: false },
} as const satisfies Record<string, { message: string; permanent: boolean }>;

export type ErrorCode = keyof typeof ERRORS;

/** An error with a code of the table; `detail` adds the other side's own words. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | null;

  constructor(code: ErrorCode, detail: string | null = null, options?: ErrorOptions) {
    super(detail ? `${ERRORS[code].message} (${detail})` : ERRORS[code].message, options);
    this.name = 'AppError';
    this.code = code;
    this.detail = detail;
  }

  get permanent(): boolean {
    return ERRORS[this.code].permanent;
  }
}
