import type { Transaction } from 'kysely';
import type { NewInventoryRequest } from '../domain/contracts/shop-job.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import type { Database } from './schema.ts';

/** Keeps values for the stock, to be sent by the channel's workflow `channelStock`. One that is there by its dedupe_key changes nothing. @returns ids of the new ones */
export async function insertInventoryRequests(db: Db | Transaction<Database>, requests: readonly NewInventoryRequest[]): Promise<string[]> {
  if (requests.length === 0) return [];
  const rows = await db
    .insertInto('inventory_requests')
    .values(requests.map(({ as_of_ms, ...request }) => ({ ...request, id: newId(), as_of: new Date(as_of_ms) })))
    .onConflict((conflict) => conflict.columns(['workspace_id', 'dedupe_key']).where('dedupe_key', 'is not', null).doNothing())
    .returning('id')
    .execute();
  return rows.map(({ id }) => id);
}
