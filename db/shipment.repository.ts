import { createHash } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import type { ShipAnswer, ShipmentState, ShipRequest } from '../domain/contracts/shop-order.ts';
import { AppError } from '../domain/errors.ts';
import { describeShipment } from '../domain/shop/shipment-words.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import { appendTimeline } from './order.repository.ts';
import type { Database, Row } from './schema.ts';

export type ShipmentRow = Row<'shop_shipments'>;

export interface ShipmentRef {
  shipment_id: string;
  workspace_id: string;
}

export interface NewShipment {
  workspace_id: string;
  channel_id: string;
  order_id: string;
  package_id: string | null;
  request: ShipRequest;
  requested_by: string | null;
  /** Idempotency-Key; null: the same request while one is under way or done is the same shipment. */
  key: string | null;
}

export type RequestedShipment = { kind: 'created' | 'repeated'; shipment: ShipmentRow } | { kind: 'key_taken' };

const CONTENT = 'content:';

/** Of what was asked, however its parts are ordered. */
export function fingerprintOf({ channel_id, order_id, request }: Pick<NewShipment, 'channel_id' | 'order_id' | 'request'>): string {
  const sorted = request.kind === 'mark_shipped' && request.order_line_item_ids ? { ...request, order_line_item_ids: [...new Set(request.order_line_item_ids)].sort() } : request;
  const entries = Object.entries(sorted).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify([channel_id, order_id, entries])).digest('hex');
}

/** As often as one that was found may have failed before it was read. */
const TRIES = 3;

/** Makes the row; two at once make one. What failed under a key made from the content may be asked for anew. */
export async function requestShipment(db: Db, shipment: NewShipment): Promise<RequestedShipment> {
  for (let tried = 0; tried < TRIES; tried++) {
    const requested = await tryRequest(db, shipment);
    if (requested) return requested;
  }
  throw new AppError('conflict');
}

async function tryRequest(db: Db, { key, request, ...row }: NewShipment): Promise<RequestedShipment | null> {
  const fingerprint = fingerprintOf({ ...row, request });
  const idempotency_key = key === null ? `${CONTENT}${fingerprint}` : `key:${key}`;
  const made = await db
    .insertInto('shop_shipments')
    .values({ ...row, id: newId(), request: JSON.stringify(request), fingerprint, idempotency_key, state: 'requested' })
    .onConflict((conflict) => conflict.columns(['workspace_id', 'idempotency_key']).where('idempotency_key', 'is not', null).doNothing())
    .returningAll()
    .executeTakeFirst();
  if (made) return { kind: 'created', shipment: made };
  const shipment = await db.selectFrom('shop_shipments').selectAll().where('workspace_id', '=', row.workspace_id).where('idempotency_key', '=', idempotency_key).executeTakeFirst();
  // It has failed in between, and its key with it.
  if (!shipment) return null;
  return shipment.fingerprint === fingerprint ? { kind: 'repeated', shipment } : { kind: 'key_taken' };
}

export const findShipment = (db: Db, { shipment_id, workspace_id }: ShipmentRef): Promise<ShipmentRow | undefined> =>
  db.selectFrom('shop_shipments').selectAll().where('workspace_id', '=', workspace_id).where('id', '=', shipment_id).executeTakeFirst();

/** Before TikTok is called, so that whoever comes after a crash knows. @returns what the state was; undefined: there is an answer, nothing may be sent */
export async function markSent(db: Db, { shipment_id, workspace_id }: ShipmentRef): Promise<ShipmentState | undefined> {
  const { rows } = await sql<{ was: ShipmentState }>`
    update shop_shipments set state = 'sent', sent_at = now(), finished_at = null, answer = null
    from (select id, state as was from shop_shipments where id = ${shipment_id} and workspace_id = ${workspace_id} for update) old
    where shop_shipments.id = old.id and old.was in ('requested', 'sent', 'unconfirmed')
    returning old.was`.execute(db);
  return rows[0]?.was;
}

/** TikTok is known to have done nothing: the next one need not look. */
export async function unmarkSent(db: Db, { shipment_id, workspace_id }: ShipmentRef): Promise<void> {
  await db.updateTable('shop_shipments').set({ state: 'requested', sent_at: null }).where('id', '=', shipment_id).where('workspace_id', '=', workspace_id).where('state', '=', 'sent').execute();
}

/** Writes the answer, and the order's timeline. @returns the answer that stands: this one, or an earlier one; undefined: the row is gone */
export async function finishShipment(db: Db, ref: ShipmentRef, answer: ShipAnswer): Promise<ShipAnswer | undefined> {
  const finished = await db.transaction().execute(async (trx) => {
    const row = await writeAnswer(trx, ref, answer);
    if (row) await note(trx, row, answer);
    return row;
  });
  return finished?.answer ?? (await findShipment(db, ref))?.answer ?? undefined;
}

function writeAnswer(trx: Transaction<Database>, { shipment_id, workspace_id }: ShipmentRef, answer: ShipAnswer): Promise<ShipmentRow | undefined> {
  const state = answer.ok ? 'done' : answer.code === 'shop_shipment_unconfirmed' ? 'unconfirmed' : 'failed';
  // What failed may be asked for anew; under a key that a person gave it stays what it is.
  const key = state === 'failed' ? sql<string | null>`case when starts_with(idempotency_key, ${CONTENT}) then null else idempotency_key end` : sql<string | null>`idempotency_key`;
  return trx
    .updateTable('shop_shipments')
    .set({ state, answer: JSON.stringify(answer), finished_at: sql<Date>`now()`, idempotency_key: key })
    .where('id', '=', shipment_id)
    .where('workspace_id', '=', workspace_id)
    .where('state', 'in', ['requested', 'sent', 'unconfirmed'])
    .returningAll()
    .executeTakeFirst();
}

/** An order that was never stored has no timeline. */
async function note(trx: Transaction<Database>, { id, channel_id, order_id, request, state }: ShipmentRow, answer: ShipAnswer): Promise<void> {
  if (order_id === null || (await knownOrderStatus(trx, channel_id, order_id)) === null) return;
  await appendTimeline(trx, channel_id, [{ order_id, kind: 'shipment', source: 'person', detail: describeShipment(request, answer), dedupe_key: `shipment:${id}:${state}` }]);
}

export interface ShipmentQuery {
  workspace_id: string;
  channel_id?: string | undefined;
  order_id?: string | undefined;
  package_id?: string | undefined;
  before?: string | undefined;
  limit: number;
}

/** Newest first. */
export const listShipments = (db: Db, { workspace_id, channel_id, order_id, package_id, before, limit }: ShipmentQuery): Promise<ShipmentRow[]> =>
  db
    .selectFrom('shop_shipments')
    .selectAll()
    .where('workspace_id', '=', workspace_id)
    .$if(channel_id !== undefined, (query) => query.where('channel_id', '=', channel_id ?? ''))
    .$if(order_id !== undefined, (query) => query.where('order_id', '=', order_id ?? ''))
    .$if(package_id !== undefined, (query) => query.where('package_id', '=', package_id ?? ''))
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();

/** As far as we know; null: the order was never seen here. */
export async function knownOrderStatus(db: Db | Transaction<Database>, channelId: string, orderId: string): Promise<string | null> {
  const row = await db.selectFrom('shop_orders').select('status').where('channel_id', '=', channelId).where('order_id', '=', orderId).executeTakeFirst();
  return row?.status ?? null;
}
