import type { Db } from '../../db/client.ts';
import type { SecretBox } from '../../db/secret-box.ts';
import {
  clearRefreshSent,
  findSocialAccount,
  markExpiring,
  markRefreshSent,
  noteRefreshError,
  storeRefreshedPair,
  type AccountKey,
  type SocialAccountRow,
} from '../../db/social-account.repository.ts';
import type { OpenApiFailure, TokenGrant } from '../../domain/contracts/open-api.ts';
import type { AccountLife, RefreshOutcome, TokenTimings } from '../../domain/contracts/social-account.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import type { OpenApiClient } from '../../tiktok/open-api/client.ts';
import { heartbeating } from '../actions/heartbeating.ts';
import type { ErrorLog } from '../live/log.ts';
import { accountLifeOf, sealPair } from './account-life.ts';
import { endConsent, tellReconnectNeeded, type EndConsentDeps } from './end-consent.ts';
import { untilStored } from './until-stored.ts';

export interface RefreshTokenInput extends AccountKey, Pick<TokenTimings, 'expiring_before_ms'> {
  /** Refresh unless the row holds a newer pair than this. */
  seen_version: number;
  /** TikTok's webhook said that the consent was removed, and why: where TikTok confirms it, this is the reason. */
  consent_removed?: string;
}

export interface RefreshTokenDeps extends EndConsentDeps {
  db: Db;
  secrets: SecretBox;
  tiktok: Pick<OpenApiClient, 'refresh'>;
  logger: ErrorLog;
}

/** What the `tiktokToken` workflow does; nothing else refreshes. */
export function createTokenActivities(deps: RefreshTokenDeps) {
  const { db } = deps;
  const find = ({ workspace_id, social_account_id }: AccountKey) => findSocialAccount(db, workspace_id, social_account_id);
  return {
    readAccountLife: async (key: AccountKey): Promise<AccountLife> => accountLifeOf(await find(key)),

    /**
     * Refreshes, once, by TikTok's refresh token of the version that the row holds. TikTok gives each refresh token one answer:
     * the row says before it is sent that it is, and the answer is stored before anybody is told.
     */
    refreshToken: (input: RefreshTokenInput): Promise<RefreshOutcome> => heartbeating(() => refresh(deps, input)),

    /** TikTok lets us refresh for some days only: people see it in time. */
    async showExpiring({ version, ...key }: AccountKey & { version: number }): Promise<AccountLife> {
      await markExpiring(db, key.social_account_id, version);
      return accountLifeOf(await find(key));
    },
  };
}

async function refresh(deps: RefreshTokenDeps, input: RefreshTokenInput): Promise<RefreshOutcome> {
  const row = await findSocialAccount(deps.db, input.workspace_id, input.social_account_id);
  const settled = outcomeWithout(row, input.seen_version);
  if (settled || !row?.refresh_token) {
    await tellReconnectNeeded(deps, row);
    return settled ?? { kind: 'gone' };
  }
  const opened = open(deps.secrets, row.refresh_token);
  if ('fault' in opened) return { kind: 'failed', code: 'internal', reason: opened.fault };
  const marked = await markRefreshSent(deps.db, row.id, row.token_version);
  if (!marked) return asStored(deps, input);

  const askedAt = new Date();
  // No signal: an answer that nobody waits for any more would be a lost pair. The client's own time limit ends it.
  const answer = await deps.tiktok.refresh(opened.token);
  if (answer.ok) return keep(deps, input, row, answer.value, askedAt);
  if (answer.tiktok_code === 'invalid_grant') return giveUp(deps, input, row, answer, marked.sent_before);
  const forget = answer.definite && !marked.sent_before ? clearRefreshSent : noteRefreshError;
  await untilStored(() => forget(deps.db, row.id, row.token_version, answer.reason), deps.logger, 'the failure of a refresh');
  const { code, reason, retry_after_ms } = answer;
  return { kind: 'failed', code, reason, ...(retry_after_ms !== null && { retry_after_ms }) };
}

/** Where there is nothing to refresh: how it stands. null: refresh. */
function outcomeWithout(row: SocialAccountRow | undefined, seenVersion: number): RefreshOutcome | null {
  const known = accountLifeOf(row);
  if (known.kind !== 'usable') return known;
  return known.life.token_version > seenVersion ? { kind: 'refreshed', life: known.life } : null;
}

function open(secrets: SecretBox, sealed: string): { token: string } | { fault: string } {
  try {
    return { token: secrets.open(sealed) };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

async function keep(deps: RefreshTokenDeps, input: RefreshTokenInput, row: SocialAccountRow, grant: TokenGrant, askedAt: Date): Promise<RefreshOutcome> {
  if (grant.open_id !== row.open_id) deps.logger.warn({ social_account_id: row.id }, 'TikTok answered a refresh with another open_id');
  const scopes = grant.scopes.length > 0 ? grant.scopes : row.scopes;
  const pair = sealPair({ ...grant, scopes }, askedAt, deps.secrets, input);
  const stored = await untilStored(() => storeRefreshedPair(deps.db, row.id, row.token_version, pair), deps.logger, 'a refreshed pair of tokens');
  // Not stored by this statement: a person was faster, or it is the commit whose answer was lost. The row tells.
  if (!stored) deps.logger.warn({ social_account_id: row.id }, 'the pair of a refresh met a newer one');
  return asStored(deps, input);
}

async function giveUp(
  deps: RefreshTokenDeps,
  input: RefreshTokenInput,
  row: SocialAccountRow,
  { reason }: OpenApiFailure,
  sentBefore: boolean,
): Promise<RefreshOutcome> {
  const [code, why] = whyGivenUp(reason, sentBefore, input.consent_removed);
  const known = await untilStored(() => endConsent(deps, input, row.token_version, code, why), deps.logger, 'the end of a consent');
  return known.kind === 'usable' ? { kind: 'refreshed', life: known.life } : known;
}

function whyGivenUp(reason: string, sentBefore: boolean, removed: string | undefined): [ErrorCode, string] {
  if (removed !== undefined) return ['reconnect_needed', `${removed}. ${reason}`];
  return sentBefore
    ? ['token_lost', `An earlier refresh with the same token got no answer that could be kept; now TikTok says: ${reason}`]
    : ['reconnect_needed', reason];
}

async function asStored(deps: RefreshTokenDeps, input: RefreshTokenInput): Promise<RefreshOutcome> {
  const row = await untilStored(() => findSocialAccount(deps.db, input.workspace_id, input.social_account_id), deps.logger, 'an account');
  const outcome = outcomeWithout(row, input.seen_version);
  return outcome ?? { kind: 'failed', code: 'conflict', reason: 'The account changed meanwhile.' };
}
