import type { Transaction } from 'kysely';
import type { Db } from '../../../db/client.ts';
import { newId } from '../../../db/ids.ts';
import { appendTimeline, lockOrders, writeOrders, type LockedOrder, type TimelineEntry } from '../../../db/order.repository.ts';
import { appendMessages } from '../../../db/outbox.repository.ts';
import { listReservations, moveStock, writeReservations, type ReservationRow } from '../../../db/reservation.repository.ts';
import type { Database } from '../../../db/schema.ts';
import { takeBack } from '../../../db/shop-set-aside.repository.ts';
import type { ShopOrder } from '../../../domain/contracts/shop-api.ts';
import type { ShopEvent } from '../../../domain/contracts/shop-event.ts';
import type { NewShopMessage } from '../../../domain/contracts/shop-message.ts';
import type { OrderSource } from '../../../domain/contracts/shop-order.ts';
import { isBeforeConnection } from '../../../domain/shop/history.ts';
import { decideOrder, type OrderDecision } from '../../../domain/shop/order-decision.ts';
import { orderEvent, orderMessage, type OrderChannel } from '../../../domain/shop/order-news.ts';
import { isFinalStatus } from '../../../domain/shop/order-status.ts';
import { shortfallOf, timelineOf } from '../../../domain/shop/order-timeline.ts';
import { planReservations, type ReservationMove } from '../../../domain/shop/reservation-plan.ts';
import type { AppendedEvents, ShopEventWriter } from '../shop-events.ts';

export interface IntakeChannel extends OrderChannel {
  connected_at: Date;
}

export interface StoredOrder {
  order_id: string;
  outcome: 'new' | 'changed' | 'unchanged' | 'late';
  is_open: boolean;
  was_known: boolean;
  /** Set where units are missing since this change. */
  shortfall: { sku_id: string; units: number }[];
}

interface Work {
  snapshot: ShopOrder;
  locked: LockedOrder | undefined;
  decision: OrderDecision;
  reservations: ReservationRow[];
  moves: ReservationMove[];
  is_history: boolean;
}
type StoreWork = Work & { decision: Extract<OrderDecision, { kind: 'store' }> };

export interface StoreDeps {
  events: ShopEventWriter;
  /** Whether anybody takes messages. */
  publishes: boolean;
}

/**
 * Stores what TikTok said of orders, each named once, and in the same transaction all that follows: units of stock, timeline, messages, rules. A
 * hundred orders take as many statements as one.
 * @returns freed: SKUs whose shortage has to be settled after the commit
 */
export async function storeOrders(
  trx: Transaction<Database>,
  { events, publishes }: StoreDeps,
  channel: IntakeChannel,
  snapshots: readonly ShopOrder[],
  source: OrderSource,
  now: Date,
): Promise<{ stored: StoredOrder[]; appended: AppendedEvents | null; freed: string[] }> {
  const locked = await lockOrders(trx, channel.channel_id, snapshots.map(({ id }) => id));
  const works = snapshots.map((snapshot) => decide(snapshot, locked.get(snapshot.id), channel, source));
  const news = works.filter((work): work is StoreWork => work.decision.kind === 'store');
  const known = news.filter(({ locked: row }) => row !== undefined).map(({ snapshot }) => snapshot.id);
  const reservations = known.length === 0 ? [] : await listReservations(trx, channel.channel_id, known);
  for (const work of news) plan(work, reservations.filter(({ order_id }) => order_id === work.snapshot.id));

  const moved = news.map(({ snapshot, moves }) => ({ order_id: snapshot.id, line_items: snapshot.line_items, moves }));
  const short = await moveStock(trx, channel, moved, now);
  const told = news.map((work) => ({ work, shortfall: shortfallOf(work.reservations, work.moves, short) }));
  await writeOrders(
    trx,
    channel,
    told.map(({ work, shortfall }) => ({
      order: work.decision.order,
      source,
      sequence: (work.locked?.sequence ?? 0) + (publishes ? work.decision.changes.length : 0),
      is_short: shortfall.length > 0,
    })),
    now,
  );
  await writeReservations(trx, channel.channel_id, moved, short, now);

  const recovered = new Set(await takeBack(trx, channel.channel_id, 'order', snapshots.map(({ id }) => id)));
  await appendTimeline(trx, channel.channel_id, [
    ...told.flatMap(({ work, shortfall }) => timelineOf({ decision: work.decision, moves: work.moves, isNew: work.locked === undefined, wasShort: work.locked?.is_short ?? false, shortfall, source })),
    ...works.filter(({ snapshot }) => recovered.has(snapshot.id)).map(({ snapshot }) => recoveredEntry(snapshot.id, source, now)),
  ]);
  if (publishes) {
    const messages = told.flatMap(({ work, shortfall }): NewShopMessage[] =>
      work.decision.changes.map((change, index) =>
        orderMessage(channel, { order: work.decision.order, previous_status: work.decision.previous_status, change, shortfall }, (work.locked?.sequence ?? 0) + index + 1),
      ),
    );
    await appendMessages(trx, messages, now);
  }
  // Last: the feed's lock is held from here to the commit.
  const appended = await events.append(trx, told.flatMap(({ work, shortfall }) => eventsOf(channel, work, shortfall, now)));
  return { stored: works.map((work) => storedOf(work, told.find((one) => one.work === work)?.shortfall ?? [])), appended, freed: freedOf(news) };
}

function decide(snapshot: ShopOrder, locked: LockedOrder | undefined, channel: IntakeChannel, source: OrderSource): Work {
  const is_history = source === 'backfill' || isBeforeConnection(snapshot.create_time_ms, channel.connected_at.getTime());
  return { snapshot, locked, decision: decideOrder(locked?.data ?? null, snapshot, { is_history }), reservations: [], moves: [], is_history };
}

function plan(work: StoreWork, reservations: ReservationRow[]): void {
  work.reservations = reservations;
  work.moves = planReservations(work.locked?.data ?? null, work.decision.order, reservations);
}

/** SKUs of which a unit is held no longer, or back: an order that was short may have it. */
const freedOf = (works: readonly Work[]): string[] => [...new Set(works.flatMap(({ moves }) => moves.filter(({ from }) => from !== null).map(({ sku_id }) => sku_id)))];

function eventsOf(channel: IntakeChannel, { decision, is_history }: StoreWork, shortfall: StoredOrder['shortfall'], now: Date): ShopEvent[] {
  return decision.changes.map((change) =>
    orderEvent(channel, { order: decision.order, previous_status: decision.previous_status, change, shortfall }, { id: newId(), received_at: now.toISOString(), is_history }),
  );
}

function storedOf({ snapshot, locked, decision }: Work, shortfall: StoredOrder['shortfall']): StoredOrder {
  const status = decision.kind === 'store' ? decision.order.status : locked!.data.status;
  const outcome = decision.kind === 'store' ? (locked ? 'changed' : 'new') : decision.kind;
  return { order_id: snapshot.id, outcome, is_open: !isFinalStatus(status), was_known: locked !== undefined, shortfall: locked?.is_short ? [] : shortfall };
}

const recoveredEntry = (order_id: string, source: OrderSource, now: Date): TimelineEntry => ({
  order_id,
  kind: 'recovered',
  source,
  detail: 'It could be stored again.',
  dedupe_key: `recovered:${now.getTime()}`,
});

export type OrderTransaction = <T>(run: (trx: Transaction<Database>) => Promise<T>) => Promise<T>;

/** Two pages that hold the same orders can block each other once; the loser begins anew. */
export function orderTransactions(db: Db, attempts = 4): OrderTransaction {
  return async (run) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await db.transaction().execute(run);
      } catch (error) {
        if (attempt >= attempts || !DEADLOCKS.has((error as { code?: string }).code ?? '')) throw error;
      }
    }
  };
}
/** PostgreSQL's deadlock_detected and serialization_failure. */
const DEADLOCKS: ReadonlySet<string> = new Set(['40P01', '40001']);
