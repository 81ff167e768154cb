import type { Json } from '../../open-api/wire/json.ts';
import { addressView } from '../orders/view.ts';
import type { Line, Order } from '../orders/types.ts';
import type { Shop } from '../state/shops.ts';
import { DELIVERY_OPTIONS } from '../state/warehouses.ts';
import { ordersOf } from './arrange.ts';
import type { Package } from './types.ts';

const secondsOf = (ms: number): number => Math.floor(ms / 1_000);
const statusText = ({ status }: Package): string | undefined => (status === 'TO_FULFILL' ? undefined : status);

function skusOf(lines: readonly Line[]): Json {
  const bySku = new Map<string, { line: Line; quantity: number }>();
  for (const line of lines) bySku.set(line.sku_id, { line, quantity: (bySku.get(line.sku_id)?.quantity ?? 0) + 1 });
  return [...bySku].map(([id, { line, quantity }]) => ({ id, name: line.sku_name, quantity, image_url: `https://p16-sandbox.example/${id}.jpeg` }));
}

const linesOf = (pkg: Package, order: Order): Line[] => order.lines.filter(({ id }) => pkg.line_ids.includes(id));
const ordersView = (shop: Shop, pkg: Package): Json => ordersOf(shop, pkg).map((order) => ({ id: order.id, skus: skusOf(linesOf(pkg, order)) }));

/** Names its id `id`; the detail says `package_id`. */
export const listedPackage = (shop: Shop, pkg: Package): Json => ({
  id: pkg.id,
  status: statusText(pkg),
  orders: ordersView(shop, pkg),
  order_line_item_ids: pkg.line_ids,
  shipping_provider_id: pkg.provider?.id ?? '',
  shipping_provider_name: pkg.provider?.name ?? '',
  tracking_number: pkg.tracking_number,
  create_time: secondsOf(pkg.create_ms),
  update_time: secondsOf(pkg.update_ms),
});

export function packageDetail(shop: Shop, pkg: Package): Json {
  const orders = ordersOf(shop, pkg);
  const [order] = orders;
  const option = DELIVERY_OPTIONS[pkg.shipping_type];
  return {
    package_id: pkg.id,
    package_status: statusText(pkg),
    orders: ordersView(shop, pkg),
    order_line_item_ids: pkg.line_ids,
    split_and_combine_tag: pkg.tag,
    has_multi_skus: new Set(orders.flatMap((each) => linesOf(pkg, each).map(({ sku_id }) => sku_id))).size > 1,
    note_tag: order?.buyer_message ? 'BUYER_NOTED' : 'BUYER_UNNOTED',
    shipping_type: pkg.shipping_type,
    shipping_provider_id: pkg.provider?.id ?? '',
    shipping_provider_name: pkg.provider?.name ?? '',
    tracking_number: pkg.tracking_number,
    last_mile_tracking_number: '',
    delivery_option_id: option.id,
    delivery_option_name: option.name,
    handover_method: pkg.handover_method ?? undefined,
    pickup_slot: pkg.pickup_slot ? { ...pkg.pickup_slot } : undefined,
    recipient_address: order ? addressView(shop, order) : {},
    weight: { value: '0.5', unit: 'KILOGRAM' },
    dimension: { length: '20', width: '15', height: '10', unit: 'CM' },
    create_time: secondsOf(pkg.create_ms),
    update_time: secondsOf(pkg.update_ms),
  };
}
