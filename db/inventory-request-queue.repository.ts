import { sql, type Transaction } from 'kysely';
import type { ChannelKey } from '../domain/contracts/channel.ts';
import { STOCK_LIMITS, type StockBasis } from '../domain/contracts/shop-job.ts';
import { ERRORS, type ErrorCode } from '../domain/errors.ts';
import type { Db } from './client.ts';
import type { Database } from './schema.ts';

/** A value to be sent: the newest of its SKU and warehouse. */
export interface DueRequest {
  id: string;
  sku_id: string;
  /** null: the SKU is not among those we know; TikTok is asked. */
  product_id: string | null;
  warehouse_id: string | null;
  quantity: number;
  basis: StockBasis;
  as_of: Date;
  /** Passes in which it could not be settled. */
  attempts: number;
}

export interface RequestFailure {
  id: string;
  code: ErrorCode;
  reason: string;
}

/**
 * What is to be sent to a channel, oldest first. What can not be sent is settled on the way: outside TikTok's limits, of another shop or product, unknown, or
 * replaced by something newer. Only the channel's workflow calls it.
 */
export const takeDue = (db: Db, channel: ChannelKey, limit: number): Promise<DueRequest[]> =>
  // One snapshot: a value that comes between two statements would be taken without having been looked at.
  db.transaction().setIsolationLevel('repeatable read').execute(async (trx) => {
    await refuseUnfit(trx, channel);
    await resolveSellerSkus(trx, channel);
    await refuseForeign(trx, channel);
    await supersede(trx, channel);
    return listDue(trx, channel, limit);
  });

async function refuseUnfit(trx: Transaction<Database>, { channel_id }: ChannelKey): Promise<void> {
  const reason = `${ERRORS.shop_stock_refused.message} TikTok Shop takes ${STOCK_LIMITS.min} to ${STOCK_LIMITS.max} units.`;
  await sql`
    update inventory_requests set state = 'failed', state_code = 'shop_stock_refused', state_reason = ${reason}, finished_at = now()
    where channel_id = ${channel_id} and state = 'received' and (quantity < ${STOCK_LIMITS.min} or quantity > ${STOCK_LIMITS.max})`.execute(trx);
}

/** A name that several SKUs bear names none. */
async function resolveSellerSkus(trx: Transaction<Database>, { channel_id }: ChannelKey): Promise<void> {
  await sql`
    update inventory_requests request set sku_id = named.sku_id
    from (
      select asked.id, min(sku.sku_id) as sku_id
      from inventory_requests asked
      join shop_skus sku on sku.channel_id = asked.channel_id and sku.seller_sku = asked.seller_sku and sku.removed_at is null
        and (asked.product_id is null or asked.product_id = sku.product_id)
      where asked.channel_id = ${channel_id} and asked.state = 'received' and asked.sku_id is null
      group by asked.id having count(*) = 1
    ) named
    where request.id = named.id`.execute(trx);
}

/** Of other shops only the workspace's own are looked at: what another workspace sells is nobody's business. */
async function refuseForeign(trx: Transaction<Database>, { channel_id, workspace_id }: ChannelKey): Promise<void> {
  await sql`
    with unfit as (
      select request.id, case
        when request.sku_id is not null and sku.sku_id is null and exists (
          select 1 from shop_skus other join channels on channels.id = other.channel_id where channels.workspace_id = ${workspace_id} and other.sku_id = request.sku_id
        ) then 'shop_sku_foreign'
        -- TikTok would refuse the call, with all others in it.
        when request.sku_id !~ '^[0-9]{1,20}$' then 'malformed'
        when request.sku_id is not null and request.product_id <> sku.product_id then 'shop_sku_foreign'
        when request.sku_id is null and (select count(*) from shop_skus same where same.channel_id = ${channel_id} and same.seller_sku = request.seller_sku and same.removed_at is null) > 1 then 'ambiguous'
        when request.sku_id is null and exists (
          select 1 from shop_skus other join channels on channels.id = other.channel_id where channels.workspace_id = ${workspace_id} and other.seller_sku = request.seller_sku and other.removed_at is null
        ) then 'shop_sku_foreign'
        when request.sku_id is null then 'shop_sku_not_found'
      end as fault
      from inventory_requests request
      left join shop_skus sku on sku.channel_id = request.channel_id and sku.sku_id = request.sku_id
      where request.channel_id = ${channel_id} and request.state = 'received'
    )
    update inventory_requests request set
      state = 'failed', finished_at = now(),
      state_code = case unfit.fault when 'shop_sku_foreign' then 'shop_sku_foreign' else 'shop_sku_not_found' end,
      state_reason = case unfit.fault
        when 'ambiguous' then 'Several SKUs of this channel have this seller SKU: name one by sku_id.'
        when 'malformed' then 'Ids of SKUs are digits.'
        when 'shop_sku_foreign' then ${ERRORS.shop_sku_foreign.message}
        else 'No SKU of this channel has this seller SKU, as far as its products were fetched.' end
    from unfit where request.id = unfit.id and unfit.fault is not null`.execute(trx);
}

/** The newest by as_of wins, of those of one moment the one that came last; each warehouse of a SKU has a newest of its own. */
async function supersede(trx: Transaction<Database>, { channel_id }: ChannelKey): Promise<void> {
  await sql`
    update inventory_requests request set state = 'superseded', state_code = 'shop_stock_superseded', state_reason = ${ERRORS.shop_stock_superseded.message}, finished_at = now()
    from (
      select older.id from inventory_requests older
      left join shop_skus sku on sku.channel_id = older.channel_id and sku.sku_id = older.sku_id
      where older.channel_id = ${channel_id} and older.state = 'received' and older.sku_id is not null and (
        (sku.stock_as_of > older.as_of and jsonb_array_length(sku.warehouses) = 1)
        or exists (
          select 1 from inventory_requests newer
          where newer.channel_id = older.channel_id and newer.sku_id = older.sku_id and newer.state in ('received', 'applied')
            and (newer.as_of, newer.seq) > (older.as_of, older.seq)
            and (newer.warehouse_id is not distinct from older.warehouse_id or jsonb_array_length(sku.warehouses) = 1)
        )
      )
    ) replaced
    where request.id = replaced.id`.execute(trx);
}

const listDue = (trx: Transaction<Database>, { channel_id }: ChannelKey, limit: number): Promise<DueRequest[]> =>
  trx
    .selectFrom('inventory_requests as request')
    .leftJoin('shop_skus as sku', (join) => join.onRef('sku.channel_id', '=', 'request.channel_id').onRef('sku.sku_id', '=', 'request.sku_id'))
    .select(['request.id', 'request.sku_id', 'request.warehouse_id', 'request.quantity', 'request.basis', 'request.as_of', 'request.attempts', 'sku.product_id'])
    .where('request.channel_id', '=', channel_id)
    .where('request.state', '=', 'received')
    .where('request.sku_id', 'is not', null)
    .$narrowType<{ sku_id: string }>()
    // What has been tried in vain stands behind what is new.
    .orderBy('request.attempts')
    .orderBy('request.seq')
    .limit(limit)
    .execute();

/** Requests whose value TikTok shows now. */
export async function applyRequests(trx: Transaction<Database>, applied: readonly { id: string; sent_quantity: number; product_id: string }[]): Promise<void> {
  if (applied.length === 0) return;
  await sql`
    update inventory_requests request set state = 'applied', sent_quantity = told.sent_quantity, product_id = told.product_id, state_code = null, state_reason = null,
      attempts = attempts + 1, finished_at = now()
    from jsonb_to_recordset(${JSON.stringify(applied)}::jsonb) as told (id uuid, sent_quantity int, product_id text)
    where request.id = told.id and request.state = 'received'`.execute(trx);
}

/** Told of requests that are still open; others stay as they are. */
export async function failRequests(db: Db | Transaction<Database>, failures: readonly RequestFailure[]): Promise<void> {
  if (failures.length === 0) return;
  await sql`
    update inventory_requests request set state = 'failed', state_code = failure.code, state_reason = failure.reason, attempts = attempts + 1, finished_at = now()
    from jsonb_to_recordset(${JSON.stringify(failures)}::jsonb) as failure (id uuid, code text, reason text)
    where request.id = failure.id and request.state = 'received'`.execute(db);
}

/** Says why they wait: they stay open. */
export async function postponeRequests(db: Db, ids: readonly string[], code: ErrorCode, reason: string): Promise<void> {
  if (ids.length === 0) return;
  await db
    .updateTable('inventory_requests')
    .set((eb) => ({ attempts: eb('attempts', '+', 1), state_code: code, state_reason: reason }))
    .where('id', 'in', ids)
    .where('state', '=', 'received')
    .execute();
}

/** All that is open of a channel that is gone. */
export async function failChannelRequests(db: Db, channelId: string, code: ErrorCode, reason: string): Promise<void> {
  await db
    .updateTable('inventory_requests')
    .set({ state: 'failed', state_code: code, state_reason: reason, finished_at: sql<Date>`now()` })
    .where('channel_id', '=', channelId)
    .where('state', '=', 'received')
    .execute();
}

/** Those of the SKUs whose stock is being changed, or is about to be. */
export async function skusWithDueRequests(db: Db, channelId: string, skuIds: readonly string[]): Promise<Set<string>> {
  if (skuIds.length === 0) return new Set();
  const rows = await db.selectFrom('inventory_requests').select('sku_id').where('channel_id', '=', channelId).where('state', '=', 'received').where('sku_id', 'in', skuIds).execute();
  return new Set(rows.flatMap(({ sku_id }) => sku_id ?? []));
}
