import { Context } from '@temporalio/activity';
import type { Db } from '../../../db/client.ts';
import { findChannel } from '../../../db/channel.repository.ts';
import { failChannelRequests, failRequests, postponeRequests, takeDue, type DueRequest } from '../../../db/inventory-request-queue.repository.ts';
import { insertMissingSkus, readOurStock } from '../../../db/sku.repository.ts';
import type { ChannelKey } from '../../../domain/contracts/channel.ts';
import type { InventoryRow } from '../../../domain/contracts/shop-api.ts';
import { ERRORS, type ErrorCode } from '../../../domain/errors.ts';
import { NEW_STOCK_MEMORY, planStock, remember, type StockMemory, type StockStep } from '../../../domain/shop/stock-plan.ts';
import type { ShopClient } from '../../../tiktok/shop/index.ts';
import { heartbeating } from '../../actions/heartbeating.ts';
import type { ShopCalls } from '../shop-calls.ts';
import type { SettleShortage } from '../orders/settle-shortage.ts';
import type { ShopEventWriter } from '../shop-events.ts';
import { createChannelStock, isPaused, type ChannelStock, type WriteOutcome } from './stock-writer.ts';
import { storeStock, type StoredChannel } from './store-stock.ts';

export interface PushStockDeps {
  db: Db;
  tiktok: Pick<ShopClient, 'inventory' | 'updateInventory'>;
  calls: ShopCalls;
  events: ShopEventWriter;
  settle: SettleShortage;
}

/**
 * idle: nothing waits. more: there may be more to send at once. later: TikTok could not be asked for some; not before retry_after_ms where that is known.
 * paused: what waits is sent when the shop is connected again.
 */
export type StockReport = { kind: 'idle' } | { kind: 'more' } | { kind: 'later'; retry_after_ms: number | null; reason: string } | { kind: 'paused'; reason: string };

/** A pass is short, so that between closing a door and opening it no time is lost. */
const SKUS_A_PASS = 200;
/** Buyers may come between every two steps; a pass that they outrun is followed by another. */
const MOST_ROUNDS = 8;
const MOST_UNCONFIRMED = 10;

interface Target {
  request: DueRequest;
  memory: StockMemory;
  /** What TikTok was told last; null: nothing was sent. */
  sent: number | null;
  isClosed: boolean;
}
type Write = Extract<StockStep, { kind: 'write' }>;
type Postponed = { retry_after_ms: number | null; reason: string };

/** Sends what waits for a channel. It may be repeated at any time: what TikTok shows decides what is sent. */
export function createPushStock({ db, tiktok, calls, events, settle: settleShortage }: PushStockDeps) {
  return {
    /** @throws pg's error where PostgreSQL is gone: the activity's retry policy waits for it */
    pushStock: (key: ChannelKey): Promise<StockReport> => heartbeating(() => pass(key)),
  };

  async function pass(key: ChannelKey): Promise<StockReport> {
    const channel = await findChannel(db, key.workspace_id, key.channel_id);
    if (!channel) return { kind: 'idle' };
    if (channel.state === 'disconnected') {
      await failChannelRequests(db, key.channel_id, 'shop_channel_disconnected', ERRORS.shop_channel_disconnected.message);
      return { kind: 'idle' };
    }
    const due = await takeDue(db, key, SKUS_A_PASS);
    if (due.length === 0) return { kind: 'idle' };
    if (channel.state === 'paused') return { kind: 'paused', reason: channel.state_reason ?? ERRORS.shop_channel_paused.message };
    return push({ ...key, name: channel.name }, due);
  }

  async function push(channel: StoredChannel, due: readonly DueRequest[]): Promise<StockReport> {
    const stock = createChannelStock({ tiktok, calls }, channel.channel_id, Context.current().cancellationSignal);
    let open = firstOfEachSku(due).map((request): Target => ({ request, memory: NEW_STOCK_MEMORY, sent: null, isClosed: false }));
    const postponed: Postponed[] = [];
    for (let round = 0; open.length > 0 && round < MOST_ROUNDS; round += 1) {
      const seen_at = new Date();
      const read = await stock.read(open.map(({ request }) => request.sku_id));
      if (!read.ok) {
        if (isPaused(read)) return { kind: 'paused', reason: read.reason };
        await (read.retry === 'never' ? failAll(open, read) : postponeRequests(db, idsOf(open), read.code, read.reason));
        if (read.retry !== 'never') postponed.push(read);
        open = [];
      } else open = await step(channel, stock, open, { rows: read.value, at: seen_at }, postponed);
    }
    if (open.length > 0) postponed.push(await putOff(open));
    if (postponed.length === 0) return { kind: 'more' };
    return { kind: 'later', retry_after_ms: postponed.reduce<number | null>((most, { retry_after_ms }) => (retry_after_ms === null ? most : Math.max(most ?? 0, retry_after_ms)), null), reason: postponed[0]!.reason };
  }

  /** @returns targets that have to be looked at again */
  async function step(channel: StoredChannel, stock: ChannelStock, targets: readonly Target[], seen: { rows: Map<string, InventoryRow>; at: Date }, postponed: Postponed[]): Promise<Target[]> {
    const unknown = targets.filter(({ request }) => !isOf(request, seen.rows.get(request.sku_id)));
    await failAll(unknown, { code: 'shop_sku_not_found', reason: 'TikTok Shop knows no such SKU in this shop.' });
    const known = targets.filter((target) => !unknown.includes(target));
    const questions = known.map(({ request: { id, sku_id, warehouse_id, as_of } }) => ({ key: id, sku_id, as_of, warehouse_id: (seen.rows.get(sku_id)?.warehouses.length ?? 0) > 1 ? warehouse_id : null }));
    // After TikTok was read: an order that both know of must not be missing here.
    const ours = await readOurStock(db, channel.channel_id, questions);
    const planned = known.map((target) => {
      const row = seen.rows.get(target.request.sku_id)!;
      const memory = remember(target.memory, target.request, row);
      return { target: { ...target, memory }, row, step: planStock(target.request, row, ours.get(target.request.id)!, memory) };
    });
    await settle(channel, planned.flatMap(({ target, row, step: done }) => (done.kind === 'settled' ? [{ target, row, quantity: done.quantity }] : [])), seen.at);
    for (const { target, step: refused } of planned) if (refused.kind === 'refused') await failAll([target], refused);
    return send(stock, planned.flatMap(({ target, row, step: write }) => (write.kind === 'write' ? [{ target, row, write }] : [])), postponed);
  }

  async function settle(channel: StoredChannel, settled: readonly { target: Target; row: InventoryRow; quantity: number }[], seen_at: Date): Promise<void> {
    await insertMissingSkus(db, channel, settled.flatMap(({ target, row }) => (target.request.product_id === null ? [row] : [])));
    const stocks = settled.map(({ target: { request }, row: seen }) => ({ sku_id: request.sku_id, seen, seen_at, stock_as_of: request.as_of, on_hand: onHandOf(request, seen, seen_at) }));
    const applied = settled.map(({ target: { request, sent }, row, quantity }) => ({ id: request.id, sent_quantity: sent ?? quantity, product_id: row.product_id }));
    await storeStock({ db, events, settle: settleShortage }, channel, stocks, applied);
  }

  async function send(stock: ChannelStock, writes: readonly { target: Target; row: InventoryRow; write: Write }[], postponed: Postponed[]): Promise<Target[]> {
    const outcomes = await stock.write(writes.map(({ row, write }) => ({ product_id: row.product_id, update: { sku_id: row.sku_id, inventory: write.inventory } })));
    const again: Target[] = [];
    for (const { target, write } of writes) {
      const outcome: WriteOutcome = outcomes.get(target.request.sku_id) ?? { kind: 'lost' };
      if (outcome.kind !== 'refused') again.push({ ...target, memory: { ...target.memory, sets: target.memory.sets + (write.door === 'set' ? 1 : 0) }, sent: write.door === 'set' ? write.quantity : target.sent, isClosed: write.door === 'close' || (target.isClosed && outcome.kind === 'lost') });
      else if (write.door === 'close' && outcome.failure.code === 'shop_stock_refused') again.push({ ...target, memory: { ...target.memory, takes_zero: false } });
      else if (outcome.failure.retry === 'never') await failAll([target], outcome.failure);
      else {
        await postponeRequests(db, [target.request.id], outcome.failure.code, outcome.failure.reason);
        postponed.push({ retry_after_ms: outcome.retry_after_ms, reason: outcome.failure.reason });
      }
    }
    return again;
  }

  /** Outrun by buyers, or TikTok shows something else than it was told, which must not go on for ever. */
  async function putOff(open: readonly Target[]): Promise<Postponed> {
    const reason = 'TikTok Shop still shows another stock than it was told.';
    const isHopeless = ({ request: { attempts } }: Target): boolean => attempts + 1 >= MOST_UNCONFIRMED;
    await failAll(open.filter(isHopeless), { code: 'shop_refused', reason });
    await postponeRequests(db, idsOf(open), 'shop_refused', reason);
    return { retry_after_ms: null, reason };
  }

  async function failAll(targets: readonly Target[], { code, reason }: { code: ErrorCode; reason: string }): Promise<void> {
    await failRequests(db, targets.map(({ request: { id }, isClosed }) => ({ id, code, reason: isClosed ? `${reason} Its stock is 0 meanwhile: send it again.` : reason })));
  }
}

const idsOf = (targets: readonly Target[]): string[] => targets.map(({ request }) => request.id);

/** A SKU's other warehouses come in the next pass. */
function firstOfEachSku(due: readonly DueRequest[]): DueRequest[] {
  const first = new Map<string, DueRequest>();
  for (const request of due) if (!first.has(request.sku_id)) first.set(request.sku_id, request);
  return [...first.values()];
}

const isOf = ({ product_id }: DueRequest, row: InventoryRow | undefined): row is InventoryRow => row !== undefined && (product_id === null || product_id === row.product_id);

/** Of a SKU with several warehouses the others count as TikTok says. */
function onHandOf({ basis, quantity, warehouse_id, as_of }: DueRequest, { available, committed, warehouses }: InventoryRow, seen_at: Date) {
  if (basis === 'available') return { units: available + committed, source: 'tiktok' as const, as_of: seen_at };
  const others = warehouses.filter((other) => warehouses.length > 1 && other.warehouse_id !== warehouse_id);
  return { units: others.reduce((sum, other) => sum + other.available + other.committed, quantity), source: 'merchant' as const, as_of };
}
