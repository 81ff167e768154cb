import type { Json } from '../../open-api/wire/json.ts';
import { amountText } from '../catalogue/money.ts';
import type { Shop } from '../state/shops.ts';
import { DELIVERY_OPTIONS } from '../state/warehouses.ts';
import { packagesOf, secondsOf } from './change.ts';
import type { Line, Order } from './types.ts';

const optional = (ms: number | null): number | undefined => (ms === null ? undefined : secondsOf(ms));
const PACKAGE_STATUS: Readonly<Record<Line['status'], string>> = {
  UNPAID: 'TO_FULFILL',
  ON_HOLD: 'TO_FULFILL',
  AWAITING_SHIPMENT: 'TO_FULFILL',
  AWAITING_COLLECTION: 'PROCESSING',
  IN_TRANSIT: 'FULFILLING',
  DELIVERED: 'COMPLETED',
  COMPLETED: 'COMPLETED',
  CANCELLED: 'CANCELLED',
};

function lineView(shop: Shop, order: Order, line: Line): Json {
  const pkg = line.package_id === null ? undefined : shop.packages.get(line.package_id);
  const price = amountText(line.price, order.currency);
  return {
    id: line.id,
    product_id: line.product_id,
    product_name: line.product_name,
    sku_id: line.sku_id,
    sku_name: line.sku_name,
    sku_image: `https://p16-sandbox.example/${line.sku_id}.jpeg`,
    seller_sku: line.seller_sku,
    sku_type: 'NORMAL',
    display_status: line.status,
    original_price: price,
    sale_price: price,
    seller_discount: amountText(0, order.currency),
    platform_discount: amountText(0, order.currency),
    currency: order.currency,
    package_id: line.package_id ?? '',
    package_status: PACKAGE_STATUS[line.status],
    tracking_number: pkg?.tracking_number ?? '',
    shipping_provider_id: pkg?.provider?.id ?? '',
    shipping_provider_name: pkg?.provider?.name ?? '',
    rts_time: optional(line.shipped_ms),
    cancel_user: line.cancel_user ?? '',
    cancel_reason: line.cancel_reason ?? '',
    is_gift: false,
    is_dangerous_good: false,
    needs_prescription: false,
    item_tax: [],
  };
}

/** sub_total and fees; nothing of it is discounted. */
function paymentView(order: Order): Json {
  const subTotal = order.lines.reduce((sum, { price }) => sum + price, 0);
  const amount = (minor: number): string => amountText(minor, order.currency);
  return {
    currency: order.currency,
    sub_total: amount(subTotal),
    original_total_product_price: amount(subTotal),
    seller_discount: amount(0),
    platform_discount: amount(0),
    shipping_fee: amount(order.shipping_fee),
    original_shipping_fee: amount(order.shipping_fee),
    shipping_fee_seller_discount: amount(0),
    shipping_fee_platform_discount: amount(0),
    tax: amount(0),
    product_tax: amount(0),
    shipping_fee_tax: amount(0),
    total_amount: amount(subTotal + order.shipping_fee),
  };
}

const masked = (text: string): string => text.replace(/(?<=^.).*/, (rest) => '*'.repeat(rest.length));

/** Empty until the remorse period is over, and masked where TikTok ships. */
export function addressView(shop: Shop, order: Order): Json {
  if (order.status === 'UNPAID' || order.status === 'ON_HOLD') return {};
  const hides = order.shipping_type === 'TIKTOK' || order.fulfillment_type !== 'FULFILLMENT_BY_SELLER' || (shop.region === 'US' && order.status === 'CANCELLED');
  const { name, phone, line } = order.buyer;
  const shown = (text: string): string => (hides ? masked(text) : text);
  const [city, country] = shop.region === 'ID' ? ['Jakarta', 'Indonesia'] : ['Leeds', shop.region];
  const street = order.address_updated ? `${line}, Flat 2` : line;
  return {
    name: shown(name),
    first_name: shown(name.split(' ')[0] ?? ''),
    last_name: shown(name.split(' ').slice(1).join(' ')),
    phone_number: shown(phone),
    full_address: shown(`${street}, ${city}, ${country}`),
    address_detail: shown(street),
    address_line1: shown(street),
    address_line2: '',
    address_line3: '',
    address_line4: '',
    postal_code: hides ? '' : 'LS1 4AP',
    region_code: shop.region,
    district_info: [
      { address_level: 'L0', address_level_name: 'Country', address_name: country, iso_code: shop.region },
      { address_level: 'L1', address_level_name: 'City', address_name: city },
    ],
  };
}

/** The same object in searches and in details; 202507 drops two fields of 202309. */
export function orderView(shop: Shop, order: Order, version: '202309' | '202507'): Json {
  const packages = packagesOf(shop, order).filter(({ status }) => status !== 'CANCELLED' || order.status === 'CANCELLED');
  const [first] = packages;
  const option = DELIVERY_OPTIONS[order.shipping_type];
  return {
    id: order.id,
    status: order.status,
    order_type: 'NORMAL',
    user_id: order.buyer.user_id,
    buyer_email: `${order.buyer.user_id.slice(-12)}@scs.tiktokw.sandbox.example`,
    buyer_nickname: order.buyer.nickname,
    buyer_message: order.buyer_message,
    seller_note: '',
    create_time: secondsOf(order.create_ms),
    update_time: secondsOf(order.update_ms),
    paid_time: optional(order.paid_ms),
    payment_method_name: 'CCDC',
    commerce_platform: 'TIKTOK_SHOP',
    is_cod: false,
    is_sample_order: false,
    is_on_hold_order: order.status === 'ON_HOLD',
    is_replacement_order: false,
    is_exchange_order: false,
    has_updated_recipient_address: order.address_updated,
    ...(order.cancel ? { cancellation_initiator: order.cancel.role, cancel_reason: order.cancel.reason, cancel_time: secondsOf(order.cancel.at_ms) } : {}),
    is_buyer_request_cancel: order.cancel_requested_ms !== null,
    request_cancel_time: optional(order.cancel_requested_ms),
    rts_time: optional(order.lines.find(({ shipped_ms }) => shipped_ms !== null)?.shipped_ms ?? null),
    rts_sla_time: optional(order.ship_due_ms),
    tts_sla_time: optional(order.ship_due_ms),
    shipping_due_time: optional(order.ship_due_ms),
    collection_due_time: optional(order.ship_due_ms),
    collection_time: optional(order.collected_ms),
    delivery_time: optional(order.delivered_ms),
    shipping_type: order.shipping_type,
    fulfillment_type: order.fulfillment_type,
    delivery_type: 'HOME_DELIVERY',
    delivery_option_id: option.id,
    delivery_option_name: option.name,
    shipping_provider: first?.provider?.name ?? '',
    shipping_provider_id: first?.provider?.id ?? '',
    tracking_number: first?.tracking_number ?? '',
    warehouse_id: order.lines[0]?.warehouse_id ?? '',
    split_or_combine_tag: packages.some(({ tag }) => tag === 'COMBINE') ? 'COMBINED' : packages.length > 1 ? 'SPLIT' : undefined,
    packages: packages.map(({ id }) => ({ id })),
    ...(version === '202309' ? { fulfillment_priority_level: 1, recommended_shipping_time: optional(order.ship_due_ms) } : {}),
    payment: paymentView(order),
    recipient_address: addressView(shop, order),
    line_items: order.lines.map((line) => lineView(shop, order, line)),
  };
}
