import type { ShopOrder } from '../contracts/shop-api.ts';
import type { OrderChange } from '../contracts/shop-message.ts';
import { isFinalStatus, isShipped, isSold, movesForward, statusRank } from './order-status.ts';

export type OrderDecision =
  /** Older than what is stored: it changes nothing. */
  | { kind: 'late' }
  | { kind: 'unchanged' }
  | {
      kind: 'store';
      /** What is stored: TikTok's newest fields under the status that counts. */
      order: ShopOrder;
      previous_status: string | null;
      /** A status that would have led backwards and was not taken. */
      refused_status: string | null;
      /** What others are told, in this order; empty: nothing that they see is new. */
      changes: OrderChange[];
    };

export interface OrderContext {
  /** From before the channel, or fetched by a backfill: others are told once that it is there. */
  is_history: boolean;
}

/** What a snapshot of TikTok's changes. Snapshots come in any order, by webhook and poll at once, and more than once. */
export function decideOrder(stored: ShopOrder | null, snapshot: ShopOrder, { is_history }: OrderContext): OrderDecision {
  if (stored === null) return { kind: 'store', order: snapshot, previous_status: null, refused_status: null, changes: firstChanges(snapshot.status, is_history) };
  if (snapshot.update_time_ms < stored.update_time_ms) return { kind: 'late' };
  if (snapshot.update_time_ms === stored.update_time_ms && !isFurther(stored, snapshot)) return { kind: 'unchanged' };
  const moves = movesForward(stored.status, snapshot.status);
  const order = moves ? snapshot : { ...snapshot, status: stored.status };
  return {
    kind: 'store',
    order,
    previous_status: stored.status,
    refused_status: moves || snapshot.status === stored.status ? null : snapshot.status,
    changes: moves ? changesOf(stored.status, order.status) : hasNewContent(stored, order) ? ['updated'] : [],
  };
}

/** TikTok counts time in seconds: of two snapshots of one second the one that is further on its way is the newer one. */
function isFurther(stored: ShopOrder, snapshot: ShopOrder): boolean {
  if (isFinalStatus(stored.status) && snapshot.status !== stored.status) return false;
  const [before, after] = [progressOf(stored), progressOf(snapshot)];
  const at = before.findIndex((value, index) => value !== after[index]);
  return at >= 0 && after[at]! > before[at]!;
}

const progressOf = (order: ShopOrder): (number | bigint)[] => [
  statusRank(order.status) ?? -1,
  order.line_items.reduce((sum, item) => sum + (statusRank(item.status ?? '') ?? 0), 0),
  order.package_ids.length,
  newestOf(order.package_ids),
  order.line_items.filter(({ tracking_number }) => tracking_number !== null).length,
  Number(order.is_buyer_request_cancel),
];

/** TikTok's ids rise: a package that others were combined into is newer than they. */
const newestOf = (ids: readonly string[]): bigint => ids.reduce((newest, id) => (/^\d+$/.test(id) && BigInt(id) > newest ? BigInt(id) : newest), 0n);

function firstChanges(status: string, isHistory: boolean): OrderChange[] {
  if (isHistory) return ['placed'];
  return isSold(status) || status === 'CANCELLED' ? ['placed', ...changesOf('UNPAID', status)] : ['placed'];
}

/** A step that nobody told us of is told of with the next one: who counts sales has to see each order paid once. */
function changesOf(from: string, to: string): OrderChange[] {
  const changes: OrderChange[] = [];
  if (!isSold(from) && isSold(to)) changes.push('paid');
  if (!isShipped(from) && isShipped(to)) changes.push('shipped');
  if (to === 'DELIVERED') changes.push('delivered');
  if (to === 'COMPLETED') changes.push('completed');
  if (to === 'CANCELLED') changes.push('cancelled');
  return changes.length === 0 ? ['status'] : changes;
}

const hasNewContent = (before: ShopOrder, after: ShopOrder): boolean => sorted({ ...before, update_time_ms: 0 }) !== sorted({ ...after, update_time_ms: 0 });

/** A stored order comes back with its fields in an order of the database's. */
const sorted = (value: object): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
