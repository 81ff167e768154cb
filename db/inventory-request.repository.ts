import { sql, type Transaction } from 'kysely';
import type { InventoryRequestState, InventorySource, NewInventoryRequest } from '../domain/contracts/shop-job.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import type { Database, Row } from './schema.ts';

export type InventoryRequestRow = Row<'inventory_requests'>;

/**
 * Keeps values for the stock, to be sent by the channel's workflow `channelStock`. One that is there by its dedupe_key changes nothing. A time that is to
 * come becomes now: a clock that runs ahead must not shut out whatever is counted after it.
 * @returns ids of the new ones
 */
export async function insertInventoryRequests(db: Db | Transaction<Database>, requests: readonly NewInventoryRequest[]): Promise<string[]> {
  if (requests.length === 0) return [];
  const now = Date.now();
  const rows = await db
    .insertInto('inventory_requests')
    .values(requests.map(({ as_of_ms, ...request }) => ({ ...request, id: newId(), as_of: new Date(Math.min(as_of_ms, now)) })))
    .onConflict((conflict) => conflict.columns(['workspace_id', 'dedupe_key']).where('dedupe_key', 'is not', null).doNothing())
    .returning('id')
    .execute();
  return rows.map(({ id }) => id);
}

export interface InventoryRequestQuery {
  workspace_id: string;
  channel_id?: string | undefined;
  job_id?: string | undefined;
  sku_id?: string | undefined;
  source?: readonly InventorySource[] | undefined;
  state?: readonly InventoryRequestState[] | undefined;
  before?: string | undefined;
  limit: number;
}

/** Newest first. */
export const listInventoryRequests = (db: Db, { workspace_id, channel_id, job_id, sku_id, source, state, before, limit }: InventoryRequestQuery): Promise<InventoryRequestRow[]> =>
  db
    .selectFrom('inventory_requests')
    .selectAll()
    .where('workspace_id', '=', workspace_id)
    .$if(channel_id !== undefined, (query) => query.where('channel_id', '=', channel_id ?? ''))
    .$if(job_id !== undefined, (query) => query.where('job_id', '=', job_id ?? ''))
    .$if(sku_id !== undefined, (query) => query.where('sku_id', '=', sku_id ?? ''))
    .$if(source !== undefined, (query) => query.where('source', 'in', source ?? []))
    .$if(state !== undefined, (query) => query.where('state', 'in', state ?? []))
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();

/** How the requests of a job stand. */
export async function countJobRequests(db: Db, jobId: string): Promise<{ total: number; open: number; failed: number }> {
  const { rows } = await sql<{ total: number; open: number; failed: number }>`
    select count(*)::int as total, count(*) filter (where state = 'received')::int as open, count(*) filter (where state = 'failed')::int as failed
    from inventory_requests where job_id = ${jobId}`.execute(db);
  return rows[0] ?? { total: 0, open: 0, failed: 0 };
}

/** Channels that still have something to do for a job. */
export const listJobChannels = (db: Db, jobId: string): Promise<{ channel_id: string; workspace_id: string }[]> =>
  db.selectFrom('inventory_requests').select(['channel_id', 'workspace_id']).distinct().where('job_id', '=', jobId).where('state', '=', 'received').orderBy('channel_id').execute();

/** Whether the channel has something to send. */
export const hasDueRequests = async (db: Db, channelId: string): Promise<boolean> =>
  (await db.selectFrom('inventory_requests').select('id').where('channel_id', '=', channelId).where('state', '=', 'received').limit(1).executeTakeFirst()) !== undefined;
