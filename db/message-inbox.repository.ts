import { sql } from 'kysely';
import type { NewInventoryRequest } from '../domain/contracts/shop-job.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { KnownChannel, RefusedRequest } from '../domain/shop/message-inventory.ts';
import type { Db } from './client.ts';
import { newId, stableId } from './ids.ts';
import { insertInventoryRequests } from './inventory-request.repository.ts';

/** The channels of a workspace among those that are named either way. */
export async function findNamedChannels(db: Db, workspaceId: string, channelIds: readonly string[], shopIds: readonly string[]): Promise<KnownChannel[]> {
  const rows = await db
    .selectFrom('channels')
    .select(['id', 'shop_id', 'state'])
    .where('workspace_id', '=', workspaceId)
    .where((where) => where.or([where('id', '=', sql<string>`any(${[...channelIds]}::uuid[])`), where('shop_id', '=', sql<string>`any(${[...shopIds]}::text[])`)]))
    .execute();
  return rows.map(({ id, shop_id, state }) => ({ id, shop_id, is_disconnected: state === 'disconnected' }));
}

/** Both or nothing. What is there by its dedupe_key stays as it is. @returns ids of those of `accepted` that are new */
export const storeInventoryMessage = (db: Db, accepted: readonly NewInventoryRequest[], refused: readonly RefusedRequest[]): Promise<string[]> =>
  db.transaction().execute(async (trx) => {
    const ids = await insertInventoryRequests(trx, accepted);
    if (refused.length > 0) {
      await trx
        .insertInto('inventory_requests')
        .values(refused.map(({ as_of_ms, ...request }) => ({ ...request, id: newId(), as_of: new Date(as_of_ms), state: 'failed' as const, finished_at: new Date() })))
        .onConflict((conflict) => conflict.columns(['workspace_id', 'dedupe_key']).where('dedupe_key', 'is not', null).doNothing())
        .execute();
    }
    return ids;
  });

export interface DeadLetter {
  queue: string;
  message_id: string | null;
  body: string;
  code: ErrorCode;
  reason: string;
}

const MAX_BODY_CHARS = 65_536;

/** Keeps what could not be taken, for people to look at; the dead-letter queue has it whole. The same message is kept once. */
export async function storeDeadLetter(db: Db, { queue, message_id, body, code, reason }: DeadLetter): Promise<void> {
  const id = stableId(JSON.stringify([queue, message_id, body]));
  await db
    .insertInto('shop_dead_letters')
    .values({ id, queue, message_id: message_id && withoutNul(message_id), body: withoutNul(body.slice(0, MAX_BODY_CHARS)), code, reason: withoutNul(reason) })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

/** PostgreSQL takes none in a text. */
const withoutNul = (text: string): string => text.replaceAll('\0', '\uFFFD');
