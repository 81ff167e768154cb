import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from '../../db/client.ts';
import { findOauthStateOf, takeCode, type OauthStateRow } from '../../db/oauth-state.repository.ts';
import type { SecretBox } from '../../db/secret-box.ts';
import { connectSocialAccount, findSocialAccount, updateProfile, type AccountKey } from '../../db/social-account.repository.ts';
import type { OpenApiResult, TokenGrant } from '../../domain/contracts/open-api.ts';
import { DEFAULT_TOKEN_TIMINGS, type ConnectAccountInput, type ConnectAccountOutcome } from '../../domain/contracts/social-account.ts';
import { AppError, ERRORS } from '../../domain/errors.ts';
import { missingScopes } from '../../domain/publishing/oauth.ts';
import type { OpenApiClient } from '../../tiktok/open-api/client.ts';
import { heartbeating } from '../actions/heartbeating.ts';
import type { ErrorLog } from '../live/log.ts';
import { sealPair } from './account-life.ts';
import type { TokenWorkflow } from './token-workflow.ts';
import { untilStored } from './until-stored.ts';

export interface ConnectDeps {
  db: Db;
  secrets: SecretBox;
  tiktok: Pick<OpenApiClient, 'exchangeCode' | 'userInfo'>;
  tokens: Pick<TokenWorkflow, 'welcome'>;
  logger: ErrorLog;
}

const PAUSES_MS = [300, 1_000, 3_000];
const LONGEST_PAUSE_MS = 5_000;
const BEGIN_AGAIN = 'TikTok’s answer to the exchange was lost, and a code is good once: begin again with Connect.';

export function createConnectActivities(deps: ConnectDeps) {
  const { db, secrets, tiktok, tokens } = deps;
  return {
    /** Exchanges the code that waits in the state's row, and stores the pair before anything else can fail. */
    connectAccount: (input: ConnectAccountInput): Promise<ConnectAccountOutcome> => heartbeating(() => connect(deps, input)),

    /** Reads what the granted scopes let us know of the account. @throws AppError where TikTok can be asked again */
    async readProfile({ workspace_id, social_account_id }: AccountKey): Promise<void> {
      const row = await findSocialAccount(db, workspace_id, social_account_id);
      if (!row?.access_token) return;
      const user = await tiktok.userInfo(secrets.open(row.access_token), row.scopes);
      if (user.ok) return updateProfile(db, row.id, { ...user.value, open_id: row.open_id });
      if (user.retryable) throw new AppError(user.code, user.reason);
      deps.logger.warn({ social_account_id, code: user.code, reason: user.reason }, 'TikTok did not tell the name of an account');
    },

    /** Sees to it that the workflow which owns the account's tokens runs, and knows of the new pair. */
    welcomeTokens: (account: AccountKey): Promise<void> => tokens.welcome(account),
  };
}

async function connect(deps: ConnectDeps, { oauth_state_id, workspace_id }: ConnectAccountInput): Promise<ConnectAccountOutcome> {
  const { db, secrets } = deps;
  const state = await findOauthStateOf(db, workspace_id, oauth_state_id);
  if (!state) return { kind: 'refused', code: 'oauth_state_expired', reason: ERRORS.oauth_state_expired.message };
  if (state.social_account_id) return connected(deps, workspace_id, state.social_account_id);
  // Taken out first: a code is good once, and sent twice it may cost what the first time brought.
  const sealed = await takeCode(db, workspace_id, oauth_state_id);
  if (sealed === null) return { kind: 'refused', code: 'oauth_failed', reason: BEGIN_AGAIN };
  const askedAt = new Date();
  const grant = await exchange(deps, state, secrets.open(sealed));
  if (!grant.ok) return { kind: 'refused', code: 'oauth_failed', reason: grant.definite ? grant.reason : `${BEGIN_AGAIN} (${grant.reason})` };
  const pair = sealPair(grant.value, askedAt, secrets, DEFAULT_TOKEN_TIMINGS);
  const account = { ...pair, workspace_id, open_id: grant.value.open_id, oauth_state_id, connected_by: state.user_id };
  const id = await untilStored(() => connectSocialAccount(db, account), deps.logger, 'a connected account');
  return connected(deps, workspace_id, id);
}

/** Sends the code once more only where it is known that TikTok has not used it up. */
async function exchange({ tiktok, secrets }: ConnectDeps, { code_verifier, redirect_uri }: OauthStateRow, code: string): Promise<OpenApiResult<TokenGrant>> {
  const request = { code, code_verifier: secrets.open(code_verifier) || null, redirect_uri };
  let answer = await tiktok.exchangeCode(request);
  for (const pause of PAUSES_MS) {
    if (answer.ok || !answer.definite || !answer.retryable) return answer;
    await delay(Math.min(Math.max(pause, answer.retry_after_ms ?? 0), LONGEST_PAUSE_MS));
    answer = await tiktok.exchangeCode(request);
  }
  return answer;
}

async function connected({ db, logger }: ConnectDeps, workspaceId: string, id: string): Promise<ConnectAccountOutcome> {
  const row = await untilStored(() => findSocialAccount(db, workspaceId, id), logger, 'an account');
  if (!row) return { kind: 'refused', code: 'account_disconnected', reason: ERRORS.account_disconnected.message };
  return { kind: 'connected', social_account_id: id, missing_scopes: missingScopes(row.scopes) };
}
