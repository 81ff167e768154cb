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

/** An account whose row holds a pair of tokens. */
interface Usable {
  row: SocialAccountRow;
  life: TokenLife;
  /** Only ever in memory. */
  accessToken: string;
}

type Loaded = ({ ok: true } & Usable) | OpenApiFailure;

/**
 * Calls TikTok for accounts. In this process one refresh at a time is asked for an account, however many wait for it; over all
 * processes the `tiktokToken` workflow sees to that.
 */
export function createAccountCalls({ db, secrets, client, taskQueuePrefix, logger, refreshMs }: AccountCallsDeps): AccountCalls {
  const tokens = createTokenWorkflow(client, taskQueuePrefix, refreshMs);
  const underWay = new Map<string, Promise<RefreshAnswer>>();

  const load = async (id: string, scope: TikTokScope): Promise<Loaded> => {
    const row = await findSocialAccountById(db, id);
    const known = accountLifeOf(row);
    if (known.kind === 'gone' || !row?.access_token) return refusal('account_disconnected');
    if (known.kind === 'reconnect_needed') return refusal(known.code, known.reason);
    if (!row.scopes.includes(scope)) return refusal('scope_missing', `${FEATURE_OF_SCOPE[scope]}: ${ERRORS.scope_missing.message} (${scope})`);
    return { ok: true, row, life: known.life, accessToken: secrets.open(row.access_token) };
  };

  const refresh = ({ id, workspace_id }: SocialAccountRow, seenVersion: number): Promise<RefreshAnswer> => {
    const key = `${id}:${seenVersion}`;
    const joined = underWay.get(key);
    if (joined) return joined;
    const asked = tokens.refresh({ social_account_id: id, workspace_id }, seenVersion).finally(() => underWay.delete(key));
    underWay.set(key, asked);
    return asked;
  };

  /** The account with a newer pair than `stale` has. */
  const renewed = async (stale: Usable, { scope, signal, onRefreshed }: CallOptions): Promise<Loaded> => {
    const answer = await orAbort(refresh(stale.row, stale.life.token_version), signal).catch((error: unknown): RefreshAnswer => {
      signal?.throwIfAborted();
      logger.warn({ err: error, social_account_id: stale.row.id }, 'a refresh was asked for and got no answer');
      return { ok: false, code: 'unavailable', reason: 'Temporal did not answer a refresh in time.', state: stale.life.state };
    });
    if (!answer.ok) return refusal(answer.code, answer.reason);
    await onRefreshed?.();
    return load(stale.row.id, scope);
  };

  return {
    async withToken(socialAccountId, options, call) {
      let account = await load(socialAccountId, options.scope);
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

/** The refresh goes on for those who still wait. */
async function orAbort<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  signal.throwIfAborted();
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
