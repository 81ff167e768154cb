import { sql, type Transaction } from 'kysely';
import type { ShopEvent } from '../domain/contracts/shop-event.ts';
import type { CooldownClaim, DecidedExecution } from '../domain/execution.ts';
import type { Db } from './client.ts';
import { storeDecidedEvents } from './decided-event.repository.ts';
import { jsonbText } from './jsonb-text.ts';
import type { Database, Row } from './schema.ts';

/** The event as everybody outside sees it. */
export const toShopEvent = (row: Row<'shop_events'>): ShopEvent =>
  ({
    id: row.id,
    type: row.type,
    workspace_id: row.workspace_id,
    channel_id: row.channel_id,
    occurred_at: row.occurred_at.toISOString(),
    received_at: row.received_at.toISOString(),
    is_history: row.is_history,
    ...row.data,
  }) as unknown as ShopEvent;

export async function findShopEvent(db: Db, workspaceId: string, id: string): Promise<ShopEvent | undefined> {
  const row = await db.selectFrom('shop_events').selectAll().where('workspace_id', '=', workspaceId).where('id', '=', id).executeTakeFirst();
  return row && toShopEvent(row);
}

export async function readShopEvents(db: Db, ids: readonly string[]): Promise<Map<string, ShopEvent>> {
  if (ids.length === 0) return new Map();
  const rows = await db.selectFrom('shop_events').selectAll().where('id', 'in', ids).execute();
  return new Map(rows.map((row) => [row.id, toShopEvent(row)]));
}

export interface DecidedShopEvents {
  workspace_id: string;
  events: readonly ShopEvent[];
  executions: readonly DecidedExecution[];
  claims: readonly CooldownClaim[];
}

/** As storeDecidedEvents says. */
export const storeShopEvents = (trx: Transaction<Database>, { workspace_id, events, executions, claims }: DecidedShopEvents): Promise<string[]> =>
  storeDecidedEvents(trx, {
    workspace_id,
    kind: 'shop_event',
    ids: events.map(({ id }) => id),
    insert: sql`
      insert into shop_events (id, workspace_id, channel_id, type, subject, occurred_at, received_at, is_history, data)
      select e.id, ${workspace_id}, e.channel_id, e.type, e.subject, e.occurred_at, e.received_at, e.is_history, e.data
      from json_to_recordset(${jsonbText(events.map(eventRow))}::json) as e (id uuid, channel_id uuid, type text, subject text, occurred_at timestamptz,
        received_at timestamptz, is_history boolean, data jsonb)`,
    executions,
    claims,
  });

function eventRow(event: ShopEvent): object {
  const { id, workspace_id: _workspace, channel_id, type, occurred_at, received_at, is_history, ...data } = event;
  return { id, channel_id, type, subject: event.type === 'order' ? event.order_id : event.sku_id, occurred_at, received_at, is_history, data };
}
