import type { ShopFailure, ShopResult } from '../../../domain/contracts/shop-api.ts';
import type { ShipRequest } from '../../../domain/contracts/shop-order.ts';
import type { ShipOrderInput } from '../../../domain/contracts/shop-shipping.ts';
import { lookAt, type Seen } from '../../../domain/shop/shipment.ts';
import type { ShopAccess, ShopClient } from '../../../tiktok/shop/index.ts';
import type { ShopCalls } from '../shop-calls.ts';

export type ShippingClient = Pick<
  ShopClient,
  'markShipped' | 'shipPackage' | 'updatePackageTracking' | 'updateOrderTracking' | 'orders' | 'package' | 'shippingDocument' | 'downloadDocument'
>;

export interface Shipped {
  package_id: string | null;
  warning: string | null;
}

/** One request, as the one call of TikTok's that does it. */
export async function send(tiktok: ShippingClient, access: ShopAccess, orderId: string, request: ShipRequest): Promise<ShopResult<Shipped>> {
  switch (request.kind) {
    case 'mark_shipped': {
      const { tracking_number, shipping_provider_id, order_line_item_ids } = request;
      const marked = await tiktok.markShipped(access, orderId, { tracking_number, shipping_provider_id, ...(order_line_item_ids ? { order_line_item_ids } : {}) });
      return marked.ok ? { ok: true, value: { package_id: marked.value.package_id, warning: marked.value.warning } } : marked;
    }
    case 'ship':
      return done(request.package_id, await tiktok.shipPackage(access, request.package_id, shipInput(request)));
    case 'update': {
      const { package_id, tracking_number, shipping_provider_id } = request;
      const tracking = { tracking_number, shipping_provider_id };
      const updated = package_id === null ? tiktok.updateOrderTracking(access, orderId, tracking) : tiktok.updatePackageTracking(access, package_id, tracking);
      return done(package_id, await updated);
    }
  }
}

const done = (package_id: string | null, result: ShopResult<null>): ShopResult<Shipped> => (result.ok ? { ok: true, value: { package_id, warning: null } } : result);

const shipInput = ({ handover_method, pickup_slot, self_shipment }: ShipRequest & { kind: 'ship' }): Parameters<ShopClient['shipPackage']>[2] =>
  self_shipment
    ? { kind: 'self', ...self_shipment }
    : { kind: 'tiktok', ...(handover_method ? { handover_method } : {}), ...(pickup_slot ? { pickup_slot } : {}) };

/** What TikTok shows of what the request is about. */
export function look(tiktok: ShippingClient, calls: ShopCalls, { channel_id, order_id }: ShipOrderInput, request: ShipRequest): Promise<ShopResult<Seen>> {
  const what = lookAt(request);
  return calls.withShop<Seen>(channel_id, {}, async (access) => {
    if (what.kind === 'order') {
      const found = await findOrder(tiktok, access, order_id);
      return found.ok ? { ok: true, value: { kind: 'order', order: found.value } } : found;
    }
    const found = await tiktok.package(access, what.package_id);
    return found.ok ? { ok: true, value: { kind: 'package', parcel: found.value } } : found;
  });
}

/** How TikTok names the order's status now; null where it does not say within the time. */
export async function statusNow(tiktok: ShippingClient, calls: ShopCalls, { channel_id, order_id }: ShipOrderInput, withinMs: number): Promise<string | null> {
  const signal = AbortSignal.timeout(withinMs);
  try {
    const found = await calls.withShop(channel_id, { signal }, (access) => findOrder(tiktok, access, order_id, signal));
    return found.ok ? found.value.status : null;
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

async function findOrder(tiktok: ShippingClient, access: ShopAccess, orderId: string, signal?: AbortSignal) {
  const found = await tiktok.orders(access, [orderId], signal);
  if (!found.ok) return found;
  const [order] = found.value.orders;
  if (order) return { ok: true as const, value: order };
  const [fault] = found.value.unreadable;
  return fault ? failure('tiktok_bad_response', fault.reason, 'later') : failure('shop_order_not_found', `TikTok Shop knows no order ${orderId} in this shop.`, 'never');
}

const failure = (code: ShopFailure['code'], reason: string, retry: ShopFailure['retry']): ShopFailure => ({ ok: false, code, reason, tiktok_code: null, definite: true, retry, retry_after_ms: null });
