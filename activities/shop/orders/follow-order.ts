import type pg from 'pg';
import { findChannelById, type ChannelRow } from '../../../db/channel.repository.ts';
import type { Db } from '../../../db/client.ts';
import { appendTimeline, findOrder, type OrderRow } from '../../../db/order.repository.ts';
import { listReservations } from '../../../db/reservation.repository.ts';
import { setAside } from '../../../db/shop-set-aside.repository.ts';
import type { ShopFailure } from '../../../domain/contracts/shop-api.ts';
import type { FollowedOrder, OrderChanged, OrderKey, OrderLife } from '../../../domain/contracts/shop-order.ts';
import { isAnswered } from '../../../domain/shop/order-waiting.ts';
import { shortfallOf } from '../../../domain/shop/order-timeline.ts';
import type { ShopClient } from '../../../tiktok/shop/index.ts';
import type { ErrorLog } from '../../live/log.ts';
import type { ShopCalls } from '../shop-calls.ts';
import type { ShopEventWriter } from '../shop-events.ts';
import { readLife } from './order-life.ts';
import { notifyShortfall } from './order-notices.ts';
import type { OrderReader } from './order-reader.ts';
import { partsToRead, readParts } from './read-parts.ts';
import { orderTransactions } from './store-orders.ts';
import { storeParts } from './store-parts.ts';
import type { IntakeChannel, OrderIntake } from './take-orders.ts';

export interface FollowOrderDeps {
  db: Db;
  pool: pg.Pool;
  calls: ShopCalls;
  tiktok: ShopClient;
  reader: OrderReader;
  intake: OrderIntake;
  events: ShopEventWriter;
  publishes: boolean;
  logger: ErrorLog;
}

export interface FollowOrderInput extends OrderKey {
  /** None: only what is stored is wanted, or the order where it is not stored. */
  changes: OrderChanged[];
}

/** Follows news of one order: asks TikTok for what can be new, and stores it. Done twice it changes nothing. */
export function createFollowOrder({ db, pool, calls, tiktok, reader, intake, events, publishes, logger }: FollowOrderDeps) {
  const transaction = orderTransactions(db);

  return async (input: FollowOrderInput, signal: AbortSignal): Promise<FollowedOrder> => {
    const { channel_id, order_id, changes } = input;
    const [channel, stored] = await Promise.all([findChannelById(db, channel_id), findOrder(db, channel_id, order_id)]);
    if (!channel || channel.state === 'disconnected') return { kind: 'disconnected' };
    const isKnown = stored !== undefined && isAnswered(changes, { update_time_ms: stored.tiktok_update_time.getTime(), written_ms: stored.updated_at.getTime() });
    if (!isKnown) {
      const failed = await readOrder(channel, input, stored, signal);
      if (failed) return failed;
    }
    const row = stored !== undefined && isKnown ? stored : (await findOrder(db, channel_id, order_id))!;
    if (changes.length > 0) {
      const failed = await followParts(callerOf(channel), row, changes, signal);
      if (failed) return failed;
      if (row.is_short) await sayShortfall(channel, row);
    }
    return { kind: 'known', life: await readLife(db, row) };
  };

  /** Reads and stores the order. @returns why it could not be, or null */
  async function readOrder(channel: ChannelRow, { channel_id, order_id, changes }: FollowOrderInput, stored: OrderRow | undefined, signal: AbortSignal): Promise<FollowedOrder | null> {
    const life = stored ? await readLife(db, stored) : null;
    const read = await reader.read(channel_id, order_id, signal);
    if (!read.ok) return read.code === 'shop_order_not_found' ? { kind: 'missing', life } : failedAs(read, life);
    if (read.value.kind === 'missing') return { kind: 'missing', life };
    if (read.value.kind === 'unreadable') return unreadable(channel_id, order_id, life, read.value.reason);
    const [taken] = await intake.take(callerOf(channel), [read.value.order], changes[0]?.source ?? 'person');
    return taken?.outcome === 'failed' ? { kind: 'set_aside', life, reason: taken.reason ?? '' } : null;
  }

  async function unreadable(channelId: string, orderId: string, life: OrderLife | null, reason: string): Promise<FollowedOrder> {
    logger.warn({ channel_id: channelId, order_id: orderId }, 'TikTok Shop’s answer to an order could not be read');
    await setAside(db, channelId, 'order', [{ id: orderId, code: 'shop_order_unstorable', reason }]);
    return { kind: 'set_aside', life, reason };
  }

  async function followParts(channel: IntakeChannel, row: OrderRow, changes: readonly OrderChanged[], signal: AbortSignal): Promise<FollowedOrder | null> {
    const wanted = await partsToRead(db, row, changes);
    if (wanted.size === 0) return null;
    const parts = await readParts(calls, tiktok, row, wanted, signal);
    if (!parts.ok) return failedAs(parts, await readLife(db, row));
    const appended = await transaction((trx) => storeParts(trx, { events, publishes }, channel, row.order_id, parts.value, changes[0]!.source, new Date()));
    events.committed(appended);
    return null;
  }

  /** The intake says it after its commit; a worker that died in between has not. */
  async function sayShortfall(channel: ChannelRow, row: OrderRow): Promise<void> {
    const shortfall = shortfallOf(await listReservations(db, row.channel_id, [row.order_id]), [], new Set());
    if (shortfall.length > 0) await notifyShortfall(pool, callerOf(channel), row.order_id, shortfall);
  }
}

/** Gives up on an order that TikTok never showed: it stays visible among what was set aside. */
export async function setMissingAside(db: Db, { channel_id, order_id }: OrderKey): Promise<void> {
  const reason = 'TikTok Shop told of this order and does not show it.';
  await setAside(db, channel_id, 'order', [{ id: order_id, code: 'shop_order_not_found', reason }]);
  const row = await findOrder(db, channel_id, order_id);
  if (row) await appendTimeline(db, channel_id, [{ order_id, kind: 'set_aside', source: null, detail: reason, dedupe_key: `missing:${row.tiktok_update_time.getTime()}` }]);
}

const callerOf = ({ id, workspace_id, shop_id, name, connected_at }: ChannelRow): IntakeChannel => ({ channel_id: id, workspace_id, shop_id, name, connected_at });

function failedAs({ code, reason, retry, retry_after_ms }: ShopFailure, life: OrderLife | null): FollowedOrder {
  if (code === 'shop_channel_disconnected') return { kind: 'disconnected' };
  if (code === 'shop_channel_paused' || retry !== 'later') return { kind: 'paused', life, reason };
  return { kind: 'later', life, reason, retry_after_ms };
}
