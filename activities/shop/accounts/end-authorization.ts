import type pg from 'pg';
import { listAuthorizationChannels, pauseChannels, type ChannelRow } from '../../../db/channel.repository.ts';
import type { Db } from '../../../db/client.ts';
import { findAuthorization, markReconnectNeeded, type ShopAuthorizationRow } from '../../../db/shop-authorization.repository.ts';
import type { AuthorizationKey } from '../../../domain/contracts/channel.ts';
import type { AccountLife } from '../../../domain/contracts/social-account.ts';
import { ERRORS, type ErrorCode } from '../../../domain/errors.ts';
import { authorizationLifeOf } from './authorization-life.ts';
import { notifyOnce } from './notices.ts';

export interface EndAuthorizationDeps {
  db: Db;
  pool: Pick<pg.Pool, 'query'>;
}

/**
 * Says that this version's pair is worth nothing any more, pauses the seller's channels with it, and tells the workspace, once. Where a newer
 * pair is stored nothing changes.
 * @returns what is now to be found of the authorization
 */
export async function endAuthorization(deps: EndAuthorizationDeps, { workspace_id, authorization_id }: AuthorizationKey, version: number, code: ErrorCode, reason: string): Promise<AccountLife> {
  const row = await deps.db.transaction().execute(async (trx) => {
    await markReconnectNeeded(trx, authorization_id, version, code, reason);
    const marked = await findAuthorization(trx, workspace_id, authorization_id);
    if (marked?.state === 'reconnect_needed') await pauseChannels(trx, authorization_id, { shop_ids: null, code: marked.state_code ?? code, reason: marked.state_reason ?? reason });
    return marked;
  });
  await tellReconnectNeeded(deps, row);
  return authorizationLifeOf(row);
}

/** Makes sure that the workspace was told; a second time for the same pair changes nothing. */
export async function tellReconnectNeeded({ db, pool }: EndAuthorizationDeps, row: ShopAuthorizationRow | undefined): Promise<void> {
  if (row?.state !== 'reconnect_needed') return;
  const paused = (await listAuthorizationChannels(db, row.id)).filter(({ state }) => state === 'paused');
  if (paused.length === 0) return;
  const code = row.state_code ?? 'shop_reconnect_needed';
  await notifyOnce(pool, row.workspace_id, `shop reconnect:${row.id}:${row.token_version}`, `${namesOf(paused)}: connect again, please; until then nothing is sent or fetched. ${ERRORS[code].message}${inBrackets(row.state_reason)}`);
}

export const namesOf = (channels: readonly ChannelRow[]): string => `TikTok Shop ${channels.map(({ name }) => name).join(', ')}`;
export const inBrackets = (reason: string | null): string => (reason ? ` (${reason})` : '');
