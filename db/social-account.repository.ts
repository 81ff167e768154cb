import { sql, type Transaction } from 'kysely';
import type { TikTokUser } from '../domain/contracts/open-api.ts';
import type { SocialAccountState, TokenLife } from '../domain/contracts/social-account.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import type { Database, Row } from './schema.ts';

export type SocialAccountRow = Row<'social_accounts'>;

export interface AccountKey {
  social_account_id: string;
  workspace_id: string;
}

/** A pair as it is stored: sealed, with the moments at which it ends. */
export interface SealedPair {
  access_token: string;
  refresh_token: string;
  scopes: string[];
  obtained_at: Date;
  access_expires_at: Date;
  refresh_expires_at: Date;
}

export const findSocialAccount = (db: Db, workspaceId: string, id: string): Promise<SocialAccountRow | undefined> =>
  db.selectFrom('social_accounts').selectAll().where('workspace_id', '=', workspaceId).where('id', '=', id).executeTakeFirst();

/** For calls on behalf of an account that was checked to be the workspace's. */
export const findSocialAccountById = (db: Db, id: string): Promise<SocialAccountRow | undefined> =>
  db.selectFrom('social_accounts').selectAll().where('id', '=', id).executeTakeFirst();

export interface SocialAccountQuery {
  workspace_id: string;
  state?: readonly SocialAccountState[] | undefined;
  before?: string | undefined;
  limit: number;
}

/** Newest first. */
export const listSocialAccounts = (db: Db, { workspace_id, state, before, limit }: SocialAccountQuery): Promise<SocialAccountRow[]> =>
  db
    .selectFrom('social_accounts')
    .selectAll()
    .where('workspace_id', '=', workspace_id)
    .$if(state !== undefined, (query) => query.where('state', 'in', state ?? []))
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();

export interface ConnectedPair extends SealedPair {
  workspace_id: string;
  open_id: string;
  state: Extract<SocialAccountState, 'connected' | 'expiring'>;
  oauth_state_id: string;
  connected_by: string;
}

/**
 * Stores the pair of a consent, as a new account or over the one that the workspace has already (which keeps its id and with
 * it its posts), and notes the account in the state's row: one statement, so that a retry finds either both or nothing.
 * @returns the account's id
 */
export async function connectSocialAccount(db: Db, pair: ConnectedPair): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    with account as (
      insert into social_accounts (id, workspace_id, open_id, scopes, state, access_token, refresh_token, token_obtained_at,
        access_expires_at, refresh_expires_at, connected_by)
      values (${newId()}, ${pair.workspace_id}, ${pair.open_id}, ${pair.scopes}::text[], ${pair.state}, ${pair.access_token}, ${pair.refresh_token},
        ${pair.obtained_at}, ${pair.access_expires_at}, ${pair.refresh_expires_at}, ${pair.connected_by})
      on conflict (workspace_id, open_id) do update set scopes = excluded.scopes, state = excluded.state, state_code = null, state_reason = null,
        access_token = excluded.access_token, refresh_token = excluded.refresh_token, token_version = social_accounts.token_version + 1,
        token_obtained_at = excluded.token_obtained_at, access_expires_at = excluded.access_expires_at,
        refresh_expires_at = excluded.refresh_expires_at, refresh_sent_version = null, last_refresh_error = null,
        connected_by = excluded.connected_by, connected_at = now(), disconnected_at = null, updated_at = now()
      returning id
    ), state as (
      update oauth_states set social_account_id = account.id from account where oauth_states.id = ${pair.oauth_state_id}
    )
    select id from account`.execute(db);
  return rows[0]!.id;
}

/** What TikTok tells of the account; what the scopes do not cover (null) stays as it was known. */
export async function updateProfile(db: Db, id: string, user: TikTokUser): Promise<void> {
  await sql`
    update social_accounts set union_id = coalesce(${user.union_id}, union_id), username = coalesce(${user.username}, username),
      display_name = coalesce(${user.display_name}, display_name), avatar_url = coalesce(${user.avatar_url}, avatar_url),
      profile_deep_link = coalesce(${user.profile_deep_link}, profile_deep_link), is_verified = coalesce(${user.is_verified}, is_verified),
      updated_at = now()
    where id = ${id} and open_id = ${user.open_id}`.execute(db);
}

/**
 * Notes that this version's refresh token is about to be sent.
 * @returns whether it was noted before, so that an answer may have been lost; null: this version is not (any more) the one to refresh
 */
export async function markRefreshSent(db: Db, id: string, version: number): Promise<{ sent_before: boolean } | null> {
  const { rows } = await sql<{ sent_before: boolean }>`
    update social_accounts a set refresh_sent_version = a.token_version
    from (select id, refresh_sent_version from social_accounts where id = ${id} for update) before
    where a.id = before.id and a.token_version = ${version} and a.state in ('connected', 'expiring')
    returning before.refresh_sent_version is not distinct from a.token_version as sent_before`.execute(db);
  return rows[0] ?? null;
}

/** TikTok answered, and has not taken the refresh token: nothing is lost. */
export async function clearRefreshSent(db: Db, id: string, version: number, error: string): Promise<void> {
  await db
    .updateTable('social_accounts')
    .set({ refresh_sent_version: null, last_refresh_error: error })
    .where('id', '=', id)
    .where('token_version', '=', version)
    .execute();
}

export async function noteRefreshError(db: Db, id: string, version: number, error: string): Promise<void> {
  await db.updateTable('social_accounts').set({ last_refresh_error: error }).where('id', '=', id).where('token_version', '=', version).execute();
}

/**
 * Puts a new pair in the place of version `version`. A pair that came in after all heals an account that was given up as
 * token_lost meanwhile.
 * @returns false where another pair, or a person, was faster
 */
export async function storeRefreshedPair(
  db: Db,
  id: string,
  version: number,
  pair: SealedPair & { state: SocialAccountState },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update social_accounts set access_token = ${pair.access_token}, refresh_token = ${pair.refresh_token}, scopes = ${pair.scopes}::text[],
      token_version = token_version + 1, token_obtained_at = ${pair.obtained_at}, access_expires_at = ${pair.access_expires_at},
      refresh_expires_at = ${pair.refresh_expires_at}, refresh_sent_version = null, last_refreshed_at = now(), last_refresh_error = null,
      state = ${pair.state}, state_code = null, state_reason = null, updated_at = now()
    where id = ${id} and token_version = ${version}
      and (state in ('connected', 'expiring') or (state = 'reconnect_needed' and state_code = 'token_lost'))`.execute(db);
  return numAffectedRows === 1n;
}

/** @returns the account where it changed; undefined where it was so already, or a newer pair is stored */
export async function markReconnectNeeded(
  tx: Db | Transaction<Database>,
  id: string,
  version: number,
  code: ErrorCode,
  reason: string,
): Promise<SocialAccountRow | undefined> {
  return await tx
    .updateTable('social_accounts')
    .set({ state: 'reconnect_needed', state_code: code, state_reason: reason, last_refresh_error: reason, updated_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('token_version', '=', version)
    .where('state', 'in', ['connected', 'expiring'])
    .returningAll()
    .executeTakeFirst();
}

/** Shows that TikTok's consent ends soon. */
export async function markExpiring(db: Db, id: string, version: number): Promise<void> {
  await db
    .updateTable('social_accounts')
    .set({ state: 'expiring', updated_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('token_version', '=', version)
    .where('state', '=', 'connected')
    .execute();
}

/** The tokens are gone for good; a refresh that is still on its way finds another version. Doing it again changes nothing. */
export async function removeTokens(db: Db, { social_account_id, workspace_id }: AccountKey): Promise<void> {
  await sql`
    update social_accounts set access_token = null, refresh_token = null, refresh_sent_version = null, token_version = token_version + 1,
      state = 'disconnected', state_code = null, state_reason = null, last_refresh_error = null, disconnected_at = now(), updated_at = now()
    where id = ${social_account_id} and workspace_id = ${workspace_id} and state <> 'disconnected'`.execute(db);
}

/** Posts of an account that are not over yet, oldest first. */
export async function listOpenPosts(db: Db, { social_account_id, workspace_id }: AccountKey, after: string | null, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('posts')
    .select('id')
    .where('workspace_id', '=', workspace_id)
    .where('social_account_id', '=', social_account_id)
    .where('state', 'not in', ['published', 'failed', 'cancelled'])
    .$if(after !== null, (query) => query.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

/** null: the account has no tokens. */
export function lifeOf(row: SocialAccountRow): TokenLife | null {
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
