import type pg from 'pg';
import { v5 as uuidV5 } from 'uuid';
import type { Db } from '../../db/client.ts';
import { createNotification } from '../../db/notification.repository.ts';
import { findSocialAccount, markReconnectNeeded, type AccountKey, type SocialAccountRow } from '../../db/social-account.repository.ts';
import type { AccountLife } from '../../domain/contracts/social-account.ts';
import { ERRORS, type ErrorCode } from '../../domain/errors.ts';
import { accountLifeOf } from './account-life.ts';

export interface EndConsentDeps {
  db: Db;
  pool: Pick<pg.Pool, 'query'>;
}

/** A fixed name space of ours for ids of notifications. */
const NOTICES = '6f0c3f57-6b0c-4f0e-9f0e-0d6d3c1a52aa';

/**
 * Says that this version's pair is worth nothing any more, and tells the workspace, once. Where a newer pair is stored nothing
 * changes.
 * @returns what is now to be found of the account
 */
export async function endConsent(deps: EndConsentDeps, key: AccountKey, version: number, code: ErrorCode, reason: string): Promise<AccountLife> {
  await markReconnectNeeded(deps.db, key.social_account_id, version, code, reason);
  const row = await findSocialAccount(deps.db, key.workspace_id, key.social_account_id);
  await tellReconnectNeeded(deps, row);
  return accountLifeOf(row);
}

/** Makes sure that the workspace was told; a second time for the same pair changes nothing. */
export async function tellReconnectNeeded({ pool }: EndConsentDeps, row: SocialAccountRow | undefined): Promise<void> {
  if (row?.state !== 'reconnect_needed') return;
  const code = row.state_code ?? 'reconnect_needed';
  await createNotification(pool, {
    workspace_id: row.workspace_id,
    action_id: uuidV5(`reconnect:${row.id}:${row.token_version}`, NOTICES),
    livestream_id: null,
    message: `The TikTok account ${nameOf(row)} has to be connected again. ${ERRORS[code].message}${row.state_reason ? ` (${row.state_reason})` : ''}`,
  });
}

const nameOf = ({ username, display_name, open_id }: SocialAccountRow): string => (username ? `@${username}` : (display_name ?? open_id));
