import { requestShipment, type ShipmentRow } from '../db/shipment.repository.ts';
import type { ChannelRow } from '../db/channel.repository.ts';
import { findShipmentOrders, isOrderKnown } from '../db/shipment-target.repository.ts';
import type { ShopPackage } from '../domain/contracts/shop-api.ts';
import type { ShipAnswer, ShipRequest } from '../domain/contracts/shop-order.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { ApiDeps } from './deps.ts';
import { ApiError, fieldError } from './errors.ts';
import { askShop } from './shop-read.ts';

export type ShipDeps = Pick<ApiDeps, 'db' | 'temporal'>;

export interface Asked {
  channel: ChannelRow;
  /** null: that of the package. */
  order_id: string | null;
  request: ShipRequest;
  requested_by: string;
  /** Idempotency-Key. */
  key: string | null;
}

export interface ShippedAnswer extends Extract<ShipAnswer, { ok: true }> {
  shipment_id: string;
}

/** Which field of a request TikTok's no is about. */
const FIELD_OF: Readonly<Partial<Record<ErrorCode, string>>> = { shop_tracking_refused: 'tracking_number', shop_pickup_refused: 'pickup_slot' };

/**
 * Has the order's workflow carry out what a person asks for, and waits for TikTok's answer. The same thing asked for twice is one shipment.
 * @throws ApiError with the code and the reason of what stands against it
 */
export async function ship(deps: ShipDeps, { channel, order_id: asked, request, requested_by, key }: Asked): Promise<ShippedAnswer> {
  const package_id = request.kind === 'mark_shipped' ? null : request.package_id;
  const order_id = await orderOf(deps, channel, asked, package_id);
  const made = await requestShipment(deps.db, { workspace_id: channel.workspace_id, channel_id: channel.id, order_id, package_id, request, requested_by, key });
  if (made.kind === 'key_taken') {
    const message = 'was used for another shipment: take a new one';
    throw new ApiError('conflict', { detail: `Idempotency-Key: ${message}`, errors: [{ field: 'Idempotency-Key', message }] });
  }
  const answer = answerOf(made.shipment) ?? (await deps.temporal.shop.ship({ channel_id: channel.id, workspace_id: channel.workspace_id, order_id }, { shipment_id: made.shipment.id }));
  if (!answer.ok) throw refusal(answer);
  return { ...answer, shipment_id: made.shipment.id };
}

/** What is not confirmed is looked at again. */
const answerOf = ({ state, answer }: ShipmentRow): ShipAnswer | null => (state === 'done' || state === 'failed' ? answer : null);

const LOOKED_UP = 'Send the same request again: it is looked up at TikTok before anything is sent.';

function refusal({ code, reason }: Extract<ShipAnswer, { ok: false }>): ApiError {
  if (code === 'shop_shipment_unconfirmed') return new ApiError(code, { detail: `${reason} ${LOOKED_UP}` });
  const field = FIELD_OF[code];
  return new ApiError(code, { detail: reason, ...(field && { errors: [{ field, message: reason }] }) });
}

/** @throws ApiError where neither we nor TikTok know the order or package, or the package is of another order */
async function orderOf(deps: ShipDeps, channel: ChannelRow, orderId: string | null, packageId: string | null): Promise<string> {
  if (packageId === null) {
    // The schema of a request without a package wants an order.
    if (orderId === null) throw fieldError('order_id', 'is needed');
    if (!(await isOrderKnown(deps.db, channel.id, orderId))) await askShop(deps, channel, { kind: 'order', order_id: orderId });
    return orderId;
  }
  const orders = (await findShipmentOrders(deps.db, channel.id, packageId)) ?? (await ordersAtTikTok(deps, channel, packageId));
  const [first] = orders;
  if (first === undefined) throw new ApiError('shop_order_not_found', { detail: `TikTok Shop names no order of the package ${packageId}.` });
  if (orderId !== null && !orders.includes(orderId)) throw fieldError('package_id', `is a package of ${orders.slice(0, 3).join(', ')}, not of this order`);
  return orderId ?? first;
}

async function ordersAtTikTok(deps: ShipDeps, channel: ChannelRow, package_id: string): Promise<string[]> {
  const { orders } = await askShop<ShopPackage>(deps, channel, { kind: 'package', package_id });
  return orders.map(({ id }) => id);
}
