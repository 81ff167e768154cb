import { sql, type Transaction } from 'kysely';
import type { AuthorizationKey } from '../domain/contracts/channel.ts';
import type { SocialAccountState, TokenLife } from '../domain/contracts/social-account.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { ChannelRow } from './channel.repository.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import type { Database, Row } from './schema.ts';

export type ShopAuthorizationRow = Row<'shop_authorizations'>;

/** A pair as it is stored: sealed, with the moments at which it ends. */
export interface SealedShopPair {
  access_token: string;
  refresh_token: string;
  granted_scopes: string[];
  obtained_at: Date;
  access_expires_at: Date;
  refresh_expires_at: Date;
  state: Extract<SocialAccountState, 'connected' | 'expiring'>;
}

export const findAuthorization = (db: Db | Transaction<Database>, workspaceId: string, id: string): Promise<ShopAuthorizationRow | undefined> =>
  db.selectFrom('shop_authorizations').selectAll().where('workspace_id', '=', workspaceId).where('id', '=', id).executeTakeFirst();

/** For calls on behalf of a channel. */
export async function findChannelAccess(db: Db, channelId: string): Promise<{ channel: ChannelRow; authorization: ShopAuthorizationRow } | undefined> {
  const row = await db
    .selectFrom('channels')
    .innerJoin('shop_authorizations', 'shop_authorizations.id', 'channels.authorization_id')
    .select([sql<ChannelRow>`to_jsonb(channels)`.as('channel'), sql<ShopAuthorizationRow>`to_jsonb(shop_authorizations)`.as('authorization')])
    .where('channels.id', '=', channelId)
    .executeTakeFirst();
  return row && { channel: datesIn(row.channel), authorization: datesIn(row.authorization) };
}

const DATES = /_at$/;

/** PostgreSQL writes a time in JSON as text. */
function datesIn<T extends object>(row: T): T {
  const entries = Object.entries(row).map(([name, value]) => [name, DATES.test(name) && typeof value === 'string' ? new Date(value) : (value as unknown)]);
  return Object.fromEntries(entries) as T;
}

export interface ConnectedSeller extends SealedShopPair {
  workspace_id: string;
  open_id: string;
  seller_name: string | null;
  seller_base_region: string | null;
  oauth_state_id: string;
  connected_by: string;
}

/**
 * Stores the pair of a consent, as a new authorization or over the one that the workspace has of this seller, and notes it in the state's row:
 * one statement, so that a retry finds either both or nothing.
 * @returns the authorization's id
 */
export async function connectSeller(db: Db, pair: ConnectedSeller): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    with seller as (
      insert into shop_authorizations (id, workspace_id, open_id, seller_name, seller_base_region, granted_scopes, state, access_token, refresh_token,
        token_obtained_at, access_expires_at, refresh_expires_at, connected_by)
      values (${newId()}, ${pair.workspace_id}, ${pair.open_id}, ${pair.seller_name}, ${pair.seller_base_region}, ${pair.granted_scopes}::text[], ${pair.state},
        ${pair.access_token}, ${pair.refresh_token}, ${pair.obtained_at}, ${pair.access_expires_at}, ${pair.refresh_expires_at}, ${pair.connected_by})
      on conflict (workspace_id, open_id) do update set seller_name = coalesce(excluded.seller_name, shop_authorizations.seller_name),
        seller_base_region = coalesce(excluded.seller_base_region, shop_authorizations.seller_base_region), granted_scopes = excluded.granted_scopes,
        state = excluded.state, state_code = null, state_reason = null, access_token = excluded.access_token, refresh_token = excluded.refresh_token,
        token_version = shop_authorizations.token_version + 1, token_obtained_at = excluded.token_obtained_at, access_expires_at = excluded.access_expires_at,
        refresh_expires_at = excluded.refresh_expires_at, refresh_sent_version = null, last_refresh_error = null, connected_by = excluded.connected_by,
        connected_at = now(), updated_at = now()
      returning id
    ), state as (
      update shop_oauth_states set authorization_id = seller.id from seller where shop_oauth_states.id = ${pair.oauth_state_id}
    )
    select id from seller`.execute(db);
  return rows[0]!.id;
}

/**
 * Notes that this version's refresh token is about to be sent.
 * @returns whether it was noted before, so that an answer may have been lost; null: this version is not (any more) the one to refresh
 */
export async function markRefreshSent(db: Db, id: string, version: number): Promise<{ sent_before: boolean } | null> {
  const { rows } = await sql<{ sent_before: boolean }>`
    update shop_authorizations a set refresh_sent_version = a.token_version
    from (select id, refresh_sent_version from shop_authorizations where id = ${id} for update) before
    where a.id = before.id and a.token_version = ${version} and a.state in ('connected', 'expiring')
    returning before.refresh_sent_version is not distinct from a.token_version as sent_before`.execute(db);
  return rows[0] ?? null;
}

/** TikTok answered, and has not taken the refresh token: nothing is lost. */
export async function clearRefreshSent(db: Db, id: string, version: number, error: string): Promise<void> {
  await db.updateTable('shop_authorizations').set({ refresh_sent_version: null, last_refresh_error: error }).where('id', '=', id).where('token_version', '=', version).execute();
}

export async function noteRefreshError(db: Db, id: string, version: number, error: string): Promise<void> {
  await db.updateTable('shop_authorizations').set({ last_refresh_error: error }).where('id', '=', id).where('token_version', '=', version).execute();
}

/** healed: the authorization had been given up meanwhile, and its channels with it; they are active again. */
export type StoredPair = 'stored' | 'healed' | 'too_late';

/**
 * Puts a new pair in the place of version `version`. A pair that came in after all heals an authorization that was given up as token_lost.
 * @returns too_late where another pair, or a person, was faster
 */
export async function storeRefreshedPair(db: Db, id: string, version: number, pair: SealedShopPair): Promise<StoredPair> {
  const { rows } = await sql<{ was_lost: boolean }>`
    with before as (
      select id, state = 'reconnect_needed' as was_lost from shop_authorizations
      where id = ${id} and token_version = ${version} and (state in ('connected', 'expiring') or (state = 'reconnect_needed' and state_code = 'token_lost'))
      for update
    ), stored as (
      update shop_authorizations a set access_token = ${pair.access_token}, refresh_token = ${pair.refresh_token}, granted_scopes = ${pair.granted_scopes}::text[],
        token_version = token_version + 1, token_obtained_at = ${pair.obtained_at}, access_expires_at = ${pair.access_expires_at},
        refresh_expires_at = ${pair.refresh_expires_at}, refresh_sent_version = null, last_refreshed_at = now(), last_refresh_error = null,
        state = ${pair.state}, state_code = null, state_reason = null, updated_at = now()
      from before where a.id = before.id
      returning before.was_lost
    ), resumed as (
      update channels set state = 'active', state_code = null, state_reason = null, paused_at = null, updated_at = now()
      from stored where stored.was_lost and channels.authorization_id = ${id} and channels.state = 'paused' and channels.state_code = 'token_lost'
    )
    select was_lost from stored`.execute(db);
  const [stored] = rows;
  return stored ? (stored.was_lost ? 'healed' : 'stored') : 'too_late';
}

/** Nothing changes where it was so already, or a newer pair is stored. */
export async function markReconnectNeeded(db: Db | Transaction<Database>, id: string, version: number, code: ErrorCode, reason: string): Promise<void> {
  await db
    .updateTable('shop_authorizations')
    .set({ state: 'reconnect_needed', state_code: code, state_reason: reason, last_refresh_error: reason, updated_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('token_version', '=', version)
    .where('state', 'in', ['connected', 'expiring'])
    .execute();
}

/** Shows that the seller's authorization ends soon. @param endsAt TikTok's word where it has given one */
export async function markExpiring(db: Db, id: string, version: number, endsAt: Date | null): Promise<void> {
  await db
    .updateTable('shop_authorizations')
    .set({ state: 'expiring', ...(endsAt && { refresh_expires_at: endsAt }), updated_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('token_version', '=', version)
    .where('state', 'in', ['connected', 'expiring'])
    .execute();
}

/** The tokens are gone for good; a refresh that is still on its way finds another version. Doing it again changes nothing. */
export async function removeTokens(db: Db | Transaction<Database>, { authorization_id, workspace_id }: AuthorizationKey): Promise<void> {
  await sql`
    update shop_authorizations set access_token = null, refresh_token = null, refresh_sent_version = null, token_version = token_version + 1,
      state = 'disconnected', state_code = null, state_reason = null, last_refresh_error = null, updated_at = now()
    where id = ${authorization_id} and workspace_id = ${workspace_id} and state <> 'disconnected'`.execute(db);
}

/** Those with tokens that no channel needs; one that is just being connected is not among them. */
export async function listUnusedAuthorizations(db: Db, workspaceId: string): Promise<AuthorizationKey[]> {
  const rows = await db
    .selectFrom('shop_authorizations')
    .select(['id as authorization_id', 'workspace_id'])
    .where('workspace_id', '=', workspaceId)
    .where('state', '<>', 'disconnected')
    .where('connected_at', '<', sql<Date>`now() - interval '10 minutes'`)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('channels').select('channels.id').whereRef('channels.authorization_id', '=', 'shop_authorizations.id').where('channels.state', '<>', 'disconnected'))),
    )
    .execute();
  return rows;
}

/** Of all workspaces, by id: those whose tokens are looked after. */
export async function listLiveAuthorizations(db: Db, after: string | null, limit: number): Promise<AuthorizationKey[]> {
  return await db
    .selectFrom('shop_authorizations')
    .select(['id as authorization_id', 'workspace_id'])
    .where('state', 'in', ['connected', 'expiring'])
    .$if(after !== null, (query) => query.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** null: there are no tokens. */
export function lifeOf(row: ShopAuthorizationRow): TokenLife | null {
  const { state, token_version, token_obtained_at, access_expires_at, refresh_expires_at } = row;
  if (!token_obtained_at || !access_expires_at || !refresh_expires_at) return null;
  return {
    state,
    token_version,
    obtained_at_ms: token_obtained_at.getTime(),
    access_expires_at_ms: access_expires_at.getTime(),
    refresh_expires_at_ms: refresh_expires_at.getTime(),
  };
}
