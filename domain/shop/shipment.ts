import type { OrderLineItem, ShopOrder, ShopPackage } from '../contracts/shop-api.ts';
import type { ShipRequest } from '../contracts/shop-order.ts';
import type { ErrorCode } from '../errors.ts';

/** What TikTok shows of what a request is about. */
export type Seen = { kind: 'order'; order: ShopOrder } | { kind: 'package'; parcel: ShopPackage };

/**
 * Whether TikTok has done what was asked. done: it has, or somebody else did the very same. open: it has not. other: it was shipped otherwise,
 * and can't be shipped as asked. cancelled: there is nothing left to ship.
 */
export type Verdict =
  | { kind: 'done'; package_id: string | null }
  | { kind: 'open' }
  | { kind: 'other'; what: string }
  | { kind: 'cancelled'; what: string };

/** After these refusals what was asked may be done all the same: by us, with an answer that was lost, or by somebody else. */
const MAY_BE_DONE: ReadonlySet<ErrorCode> = new Set(['shop_already_shipped', 'shop_already_delivered', 'shop_tracking_final']);
export const mayBeDone = (code: ErrorCode): boolean => MAY_BE_DONE.has(code);

/** The buyer may take an hour, and the person who ships waits for an answer now. */
const ANSWERED_AT_ONCE: ReadonlySet<ErrorCode> = new Set(['shop_order_on_hold', 'shop_channel_paused']);
export const isAnsweredAtOnce = (code: ErrorCode): boolean => ANSWERED_AT_ONCE.has(code);

/** What to look at: a package is known by itself, a shipment without one by the order's line items. */
export const lookAt = (request: ShipRequest): { kind: 'order' } | { kind: 'package'; package_id: string } =>
  request.kind === 'mark_shipped' || request.package_id === null ? { kind: 'order' } : { kind: 'package', package_id: request.package_id };

export function judge(request: ShipRequest, seen: Seen): Verdict {
  if (request.kind === 'mark_shipped') return seen.kind === 'order' ? judgeMarked(request, seen.order) : { kind: 'open' };
  if (request.kind === 'update') return seen.kind === 'order' ? judgeOrderUpdate(request, seen.order) : judgePackageUpdate(request, seen.parcel);
  return seen.kind === 'package' ? judgeShipped(request, seen.parcel) : { kind: 'open' };
}

interface Tracking {
  tracking_number: string;
  shipping_provider_id: string;
}
type Shown = Pick<OrderLineItem, 'tracking_number' | 'shipping_provider_id'>;

/** Carriers' numbers are the same in small and capital letters; a provider that TikTok does not name can't contradict. */
function isSame(shown: Shown, wanted: Tracking): boolean {
  const isNumber = normal(shown.tracking_number ?? '') === normal(wanted.tracking_number);
  return isNumber && (!shown.shipping_provider_id || shown.shipping_provider_id === wanted.shipping_provider_id);
}
const normal = (tracking: string): string => tracking.replace(/\s+/g, '').toUpperCase();

const SHIPPED_STATUSES: ReadonlySet<string> = new Set(['AWAITING_COLLECTION', 'IN_TRANSIT', 'DELIVERED', 'COMPLETED']);
const ARRANGED_STATUSES: ReadonlySet<string> = new Set(['PROCESSING', 'FULFILLING', 'COMPLETED']);
const isShipped = ({ status, package_status, tracking_number }: OrderLineItem): boolean =>
  SHIPPED_STATUSES.has(status ?? '') || ARRANGED_STATUSES.has(package_status ?? '') || Boolean(tracking_number);
const isCancelled = ({ status, package_status }: OrderLineItem): boolean => status === 'CANCELLED' || (status === null && package_status === 'CANCELLED');

/** TikTok ships the items of one call together or not at all, so one that waits says that the call was not done. */
function judgeMarked(request: Tracking & { order_line_item_ids: string[] | null }, { line_items, status }: ShopOrder): Verdict {
  const { order_line_item_ids: ids } = request;
  const wanted = ids === null ? line_items : line_items.filter(({ id }) => ids.includes(id));
  if (ids !== null && wanted.length < new Set(ids).size) return { kind: 'open' };
  const living = wanted.filter((item) => !isCancelled(item));
  if (living.length === 0) return wanted.length > 0 ? { kind: 'cancelled', what: `TikTok Shop has the order as ${status}.` } : { kind: 'open' };
  if (living.some((item) => !isShipped(item))) return { kind: 'open' };
  const ours = living.filter((item) => isSame(item, request));
  // Without ids only what still waited is shipped: what went before has a number of its own.
  const isDone = ids === null ? ours.length > 0 : ours.length === living.length;
  return isDone ? { kind: 'done', package_id: ours[0]?.package_id ?? null } : { kind: 'other', what: shippedAs(living.filter((item) => !ours.includes(item))) };
}

function judgeOrderUpdate(request: Tracking, { line_items, status }: ShopOrder): Verdict {
  const living = line_items.filter((item) => !isCancelled(item));
  if (living.length === 0) return { kind: 'cancelled', what: `TikTok Shop has the order as ${status}.` };
  const tracked = living.filter(({ tracking_number }) => Boolean(tracking_number));
  const isDone = tracked.length > 0 && tracked.every((item) => isSame(item, request));
  return isDone ? { kind: 'done', package_id: tracked[0]?.package_id ?? null } : { kind: 'open' };
}

function judgePackageUpdate(request: Tracking, parcel: ShopPackage): Verdict {
  if (parcel.status === 'CANCELLED') return cancelledParcel(parcel);
  return isSame(parcel, request) ? { kind: 'done', package_id: parcel.id } : { kind: 'open' };
}

function judgeShipped(request: ShipRequest & { kind: 'ship' }, parcel: ShopPackage): Verdict {
  if (parcel.status === 'CANCELLED') return cancelledParcel(parcel);
  if (!ARRANGED_STATUSES.has(parcel.status ?? '')) return { kind: 'open' };
  if (request.self_shipment && !isSame(parcel, request.self_shipment)) return { kind: 'other', what: shippedAs([parcel]) };
  const { handover_method } = request;
  if (handover_method !== null && parcel.handover_method !== null && parcel.handover_method !== handover_method) {
    return { kind: 'other', what: `TikTok Shop has the package as ${parcel.handover_method}, tracking number ${parcel.tracking_number ?? 'none'}.` };
  }
  return { kind: 'done', package_id: parcel.id };
}

const cancelledParcel = ({ id }: ShopPackage): Verdict => ({ kind: 'cancelled', what: `TikTok Shop has the package ${id} as CANCELLED.` });

function shippedAs(shown: readonly (Shown & { shipping_provider_name: string | null })[]): string {
  const kinds = new Set(shown.map(({ tracking_number, shipping_provider_name, shipping_provider_id }) => `${tracking_number || 'no number'} by ${shipping_provider_name || shipping_provider_id || 'a carrier that it does not name'}`));
  return `TikTok Shop has it shipped with ${[...kinds].slice(0, 5).join(', ')}.`;
}
