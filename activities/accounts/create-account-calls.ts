import type { Client } from '@temporalio/client';
import type { Db } from '../../db/client.ts';
import type { SecretBox } from '../../db/secret-box.ts';
import { findSocialAccountById, type SocialAccountRow } from '../../db/social-account.repository.ts';
import type { OpenApiFailure } from '../../domain/contracts/open-api.ts';
import { FEATURE_OF_SCOPE, type RefreshAnswer, type TikTokScope, type TokenLife } from '../../domain/contracts/social-account.ts';
import { ERRORS, type ErrorCode } from '../../domain/errors.ts';
import { refreshDue } from '../../domain/publishing/token-schedule.ts';
import type { ErrorLog } from '../live/log.ts';
import type { AccountCalls, CallingAccount, CallOptions } from './account-calls.ts';
import { accountLifeOf } from './account-life.ts';
import { atMost } from './at-most.ts';
import { orAbort, shared } from './shared-work.ts';
import { createTokenWorkflow } from './token-workflow.ts';

export interface AccountCallsDeps {
  db: Db;
  secrets: SecretBox;
  client: Client;
  taskQueuePrefix: string;
  logger: ErrorLog;
  /** Most that a refresh may take, milliseconds. */
  refreshMs?: number;
}

/** However many accounts are called for: the pool's other connections are for others, and its queue has a time limit. */
const READS_AT_ONCE = 4;

/** An account whose row holds a pair of tokens. */
interface Usable {
  row: SocialAccountRow;
  life: TokenLife;
  /** Only ever in memory. */
  accessToken: string;
}

type Loaded = ({ ok: true } & Usable) | OpenApiFailure;

/** What a refresh came to, and the account after it. */
interface Renewal {
  answer: RefreshAnswer;
  row: SocialAccountRow | undefined;
}

/**
 * Calls TikTok for accounts. In this process an account is read once and refreshed once at a time, however many wait for it;
 * over all processes the `tiktokToken` workflow sees to that.
 */
export function createAccountCalls({ db, secrets, client, taskQueuePrefix, logger, refreshMs }: AccountCallsDeps): AccountCalls {
  const tokens = createTokenWorkflow(client, taskQueuePrefix, refreshMs);
  const reading = atMost(READS_AT_ONCE);
  // A read that began a moment ago may miss a refresh: its token is then found wanting, and the refresh answers with the newer one.
  const read = shared((id: string) => reading(() => findSocialAccountById(db, id)));
  const renew = shared(async (_key: string, { id, workspace_id, token_version }: SocialAccountRow): Promise<Renewal> => {
    const answer = await tokens.refresh({ social_account_id: id, workspace_id }, token_version);
    return { answer, row: answer.ok ? await reading(() => findSocialAccountById(db, id)) : undefined };
  });

  const judge = (row: SocialAccountRow | undefined, scope: TikTokScope): Loaded => {
    const known = accountLifeOf(row);
    if (known.kind === 'gone' || !row?.access_token) return refusal('account_disconnected');
    if (known.kind === 'reconnect_needed') return refusal(known.code, known.reason);
    if (!row.scopes.includes(scope)) return refusal('scope_missing', `${FEATURE_OF_SCOPE[scope]}: ${ERRORS.scope_missing.message} (${scope})`);
    return { ok: true, row, life: known.life, accessToken: secrets.open(row.access_token) };
  };

  /** The account with a newer pair than `stale` has. */
  const renewed = async ({ row, life }: Usable, { scope, signal, onRefreshed }: CallOptions): Promise<Loaded> => {
    const renewal = await orAbort(renew(`${row.id}:${life.token_version}`, row), signal).catch((error: unknown): Renewal => {
      signal?.throwIfAborted();
      logger.warn({ err: error, social_account_id: row.id }, 'a refresh was asked for and got no answer');
      return { answer: { ok: false, code: 'unavailable', reason: 'Temporal did not answer a refresh in time.', state: life.state }, row: undefined };
    });
    if (!renewal.answer.ok) return refusal(renewal.answer.code, renewal.answer.reason);
    await onRefreshed?.();
    return judge(renewal.row, scope);
  };

  return {
    async withToken(socialAccountId, options, call) {
      let account = judge(await read(socialAccountId), options.scope);
      if (!account.ok) return account;
      if (refreshDue(account.life, Date.now())) {
        const fresh = await renewed(account, options);
        // A token that is about to end is still one: TikTok's trouble with refreshing need not be the caller's.
        if (fresh.ok) account = fresh;
        else if (!fresh.retryable || account.life.access_expires_at_ms <= Date.now()) return fresh;
      }
      const result = await call(account.accessToken, callerOf(account.row));
      if (result.ok || result.code !== 'tiktok_token_invalid') return result;
      const fresh = await renewed(account, options);
      return fresh.ok ? await call(fresh.accessToken, callerOf(fresh.row)) : fresh;
    },
  };
}

const callerOf = ({ id, open_id, username, scopes }: SocialAccountRow): CallingAccount => ({ id, open_id, username, scopes });

/** TikTok was not called: nothing happened. */
const refusal = (code: ErrorCode, reason: string = ERRORS[code].message): OpenApiFailure => ({
  ok: false,
  code,
  reason,
  tiktok_code: null,
  definite: true,
  retryable: !ERRORS[code].permanent,
  retry_after_ms: null,
});
