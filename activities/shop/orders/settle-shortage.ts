import type { Transaction } from 'kysely';
import { findChannelById } from '../../../db/channel.repository.ts';
import type { Db } from '../../../db/client.ts';
import { newId } from '../../../db/ids.ts';
import { appendTimeline, lockOrders, setSequence, setShort, type LockedOrder } from '../../../db/order.repository.ts';
import { appendMessages } from '../../../db/outbox.repository.ts';
import { listReservations } from '../../../db/reservation.repository.ts';
import type { Database } from '../../../db/schema.ts';
import { listFoundUnits, markFound, type FoundUnit } from '../../../db/shortage.repository.ts';
import { lockSkus } from '../../../db/sku.repository.ts';
import { isBeforeConnection } from '../../../domain/shop/history.ts';
import { orderEvent, orderMessage, type ToldOrder } from '../../../domain/shop/order-news.ts';
import { foundStep, shortfallOf } from '../../../domain/shop/order-timeline.ts';
import type { AppendedEvents } from '../shop-events.ts';
import { orderTransactions, type IntakeChannel, type StoreDeps } from './store-orders.ts';

export interface SettleShortageDeps extends StoreDeps {
  db: Db;
}

/**
 * Gives units that have come, or are free again, to the orders that wait for them, the oldest first. To be called after the commit that brought
 * them; done twice it changes nothing, and what a worker that died left out is done when the channel's stock is compared next.
 * @returns how many units found their order
 * @throws pg's error where PostgreSQL is away
 */
export type SettleShortage = (channelId: string, skuIds: readonly string[]) => Promise<number>;

/** Of one transaction: each takes the locks of its orders. */
const UNITS = 200;
const MOST_TRANSACTIONS = 25;

export function createSettleShortage(deps: SettleShortageDeps): SettleShortage {
  const { db, events } = deps;
  const transaction = orderTransactions(db);

  return async (channelId, skuIds) => {
    let settled = 0;
    for (let count = 0; count < MOST_TRANSACTIONS && skuIds.length > 0; count += 1) {
      const units = await listFoundUnits(db, channelId, skuIds, UNITS);
      const row = units.length > 0 ? await findChannelById(db, channelId) : undefined;
      if (!row) break;
      const channel = { channel_id: row.id, workspace_id: row.workspace_id, shop_id: row.shop_id, name: row.name, connected_at: row.connected_at };
      const found = await transaction((trx) => settle(trx, deps, channel, units, new Date()));
      events.committed(found.appended);
      settled += found.units;
    }
    return settled;
  };
}

async function settle(trx: Transaction<Database>, { events, publishes }: StoreDeps, channel: IntakeChannel, seen: readonly FoundUnit[], now: Date): Promise<{ units: number; appended: AppendedEvents | null }> {
  const { channel_id } = channel;
  const locked = await lockOrders(trx, channel_id, [...new Set(seen.map(({ order_id }) => order_id))]);
  const skuIds = [...new Set(seen.map(({ sku_id }) => sku_id))];
  await lockSkus(trx, channel_id, skuIds);
  // What was seen may have changed before the locks were there; an order that has come to it since is of the next transaction.
  const units = (await listFoundUnits(trx, channel_id, skuIds, UNITS)).filter(({ order_id }) => locked.has(order_id));
  if (units.length === 0) return { units: 0, appended: null };
  await markFound(trx, channel_id, units);
  const orderIds = [...new Set(units.map(({ order_id }) => order_id))].sort();
  const reservations = await listReservations(trx, channel_id, orderIds);
  const told = orderIds.map((id) => toldOf(locked.get(id)!, shortfallOf(reservations.filter(({ order_id }) => order_id === id), [], new Set())));
  for (const { order, shortfall } of told) if (shortfall.length === 0) await setShort(trx, channel_id, order.id, false);
  await appendTimeline(trx, channel_id, orderIds.map((id) => foundStep(id, units.filter(({ order_id }) => order_id === id))));
  if (publishes) {
    const sequenceOf = (id: string): number => locked.get(id)!.sequence + 1;
    for (const id of orderIds) await setSequence(trx, channel_id, id, sequenceOf(id));
    await appendMessages(trx, told.map((one) => orderMessage(channel, one, sequenceOf(one.order.id))), now);
  }
  const isHistory = ({ order }: ToldOrder): boolean => isBeforeConnection(order.create_time_ms, channel.connected_at.getTime());
  const appended = await events.append(trx, told.map((one) => orderEvent(channel, one, { id: newId(), received_at: now.toISOString(), is_history: isHistory(one) })));
  return { units: units.length, appended };
}

const toldOf = ({ data }: LockedOrder, shortfall: ToldOrder['shortfall']): ToldOrder => ({ order: data, previous_status: data.status, change: 'updated', shortfall });
