import { createHash } from 'node:crypto';
import type { Transaction } from 'kysely';
import { newId } from '../../../db/ids.ts';
import { afterSaleId, listAfterSales, listPackages, writeAfterSales, writePackages, type AfterSale } from '../../../db/order-parts.repository.ts';
import { appendTimeline, lockOrders, setSequence, type TimelineEntry } from '../../../db/order.repository.ts';
import { appendMessages } from '../../../db/outbox.repository.ts';
import { listReservations } from '../../../db/reservation.repository.ts';
import type { Database } from '../../../db/schema.ts';
import type { ShopPackage } from '../../../domain/contracts/shop-api.ts';
import type { OrderChange } from '../../../domain/contracts/shop-message.ts';
import type { OrderSource } from '../../../domain/contracts/shop-order.ts';
import { isBeforeConnection } from '../../../domain/shop/history.ts';
import { orderEvent, orderMessage, type ToldOrder } from '../../../domain/shop/order-news.ts';
import { shortfallOf } from '../../../domain/shop/order-timeline.ts';
import type { AppendedEvents } from '../shop-events.ts';
import type { IntakeChannel, StoreDeps } from './store-orders.ts';

export interface OrderParts {
  packages: readonly ShopPackage[];
  afterSales: readonly AfterSale[];
}

/** Stores an order's packages, cancellations and returns, and tells of what is new about them. The order is stored before. */
export async function storeParts(
  trx: Transaction<Database>,
  { events, publishes }: StoreDeps,
  channel: IntakeChannel,
  orderId: string,
  parts: OrderParts,
  source: OrderSource,
  now: Date,
): Promise<AppendedEvents | null> {
  const { channel_id } = channel;
  const locked = (await lockOrders(trx, channel_id, [orderId])).get(orderId);
  if (!locked) return null;
  const knownPackages = new Set((await listPackages(trx, channel_id, orderId)).map(({ package_id }) => package_id));
  const afterSales = await withoutLate(trx, channel_id, orderId, parts.afterSales);
  await writePackages(trx, channel_id, parts.packages, now);
  await writeAfterSales(trx, channel_id, afterSales, now);

  const noted = [
    ...parts.packages.map((one) => ({ entry: packageEntry(orderId, one, source), change: knownPackages.has(one.id) ? ('updated' as const) : null })),
    ...afterSales.map((one) => ({ entry: afterSaleEntry(orderId, one, source), change: one.kind })),
  ];
  const isNew = await appendTimeline(trx, channel_id, noted.map(({ entry }) => entry));
  const changes: OrderChange[] = noted.filter(({ entry }) => isNew.has(entry.dedupe_key)).flatMap(({ change }) => change ?? []);
  if (changes.length === 0) return null;

  const shortfall = shortfallOf(await listReservations(trx, channel_id, [orderId]), [], new Set());
  const told = changes.map((change): ToldOrder => ({ order: locked.data, previous_status: locked.data.status, change, shortfall }));
  if (publishes) {
    await setSequence(trx, channel_id, orderId, locked.sequence + told.length);
    await appendMessages(trx, told.map((one, index) => orderMessage(channel, one, locked.sequence + index + 1)), now);
  }
  const is_history = isBeforeConnection(locked.data.create_time_ms, channel.connected_at.getTime());
  return events.append(trx, told.map((one) => orderEvent(channel, one, { id: newId(), received_at: now.toISOString(), is_history })));
}

async function withoutLate(trx: Transaction<Database>, channelId: string, orderId: string, afterSales: readonly AfterSale[]): Promise<AfterSale[]> {
  if (afterSales.length === 0) return [];
  const stored = new Map((await listAfterSales(trx, channelId, orderId)).map((row) => [`${row.kind}:${row.after_sale_id}`, row.tiktok_update_time?.getTime() ?? 0]));
  return afterSales.filter((one) => (one.data.update_time_ms ?? Infinity) >= (stored.get(`${one.kind}:${afterSaleId(one)}`) ?? 0));
}

function packageEntry(order_id: string, one: ShopPackage, source: OrderSource): TimelineEntry {
  const others = one.orders.filter(({ id }) => id !== order_id).map(({ id }) => id);
  const detail = [
    `Package ${one.id}: ${one.status ?? 'no shipment arranged yet'}`,
    one.tracking_number && `tracking number ${one.tracking_number}${one.shipping_provider_name ? ` of ${one.shipping_provider_name}` : ''}`,
    others.length > 0 && `together with order ${others.join(', ')}`,
  ];
  return { order_id, kind: 'package', source, detail: detail.filter(Boolean).join(', '), dedupe_key: `package:${one.id}:${fingerprint(one)}` };
}

function afterSaleEntry(order_id: string, one: AfterSale, source: OrderSource): TimelineEntry {
  const id = afterSaleId(one);
  const why = one.data.reason_text ?? one.data.reason;
  const detail = `${one.kind === 'return' ? 'Return' : 'Cancellation'} ${id}: ${one.data.status}${why ? ` (${why})` : ''}.`;
  // TikTok does not tell when a parcel is back, or in what condition.
  const stock = one.kind === 'return' ? ' What comes back is not added to the stock by itself: count it in.' : '';
  return { order_id, kind: one.kind, source, detail: detail + stock, dedupe_key: `${one.kind}:${id}:${one.data.status}:${one.data.update_time_ms ?? ''}` };
}

const fingerprint = (one: ShopPackage): string => createHash('sha256').update(JSON.stringify(one)).digest('hex').slice(0, 16);
