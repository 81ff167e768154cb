import { sql } from 'kysely';
import type { Db } from './client.ts';
import type { NewRow, Row } from './schema.ts';

export type ShopOauthStateRow = Row<'shop_oauth_states'>;

/** How many that ended long ago go with each new one. */
const LITTER = 100;

/** Stores a state, and clears away a few that nobody can use any more. */
export async function insertShopOauthState(db: Db, state: Omit<NewRow<'shop_oauth_states'>, 'authorization_id'>): Promise<void> {
  await sql`
    delete from shop_oauth_states
    where id in (select id from shop_oauth_states where expires_at < now() - interval '1 day' order by expires_at limit ${LITTER} for update skip locked)`.execute(db);
  await db.insertInto('shop_oauth_states').values(state).execute();
}

export const findShopOauthState = (db: Db, id: string): Promise<ShopOauthStateRow | undefined> =>
  db.selectFrom('shop_oauth_states').selectAll().where('id', '=', id).executeTakeFirst();

export const findShopOauthStateOf = (db: Db, workspaceId: string, id: string): Promise<ShopOauthStateRow | undefined> =>
  db.selectFrom('shop_oauth_states').selectAll().where('workspace_id', '=', workspaceId).where('id', '=', id).executeTakeFirst();

/**
 * Uses a state up, once, and keeps the code for the exchange.
 * @param code sealed; null: TikTok sent none
 * @returns false where it was used or had expired already
 */
export async function useShopOauthState(db: Db, id: string, code: string | null): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('shop_oauth_states')
    .set({ used_at: sql<Date>`now()`, code })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('expires_at', '>', sql<Date>`now()`)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Takes the code out, so that nobody else can have it. @returns null where it was taken already */
export async function takeShopCode(db: Db, workspaceId: string, id: string): Promise<string | null> {
  const { rows } = await sql<{ code: string }>`
    update shop_oauth_states s set code = null
    from (select id, code from shop_oauth_states where id = ${id} and workspace_id = ${workspaceId} and code is not null for update) before
    where s.id = before.id
    returning before.code`.execute(db);
  return rows[0]?.code ?? null;
}
