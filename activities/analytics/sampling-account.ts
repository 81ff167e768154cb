import { ApplicationFailure } from '@temporalio/activity';
import { findSamplingAccount } from '../../db/metrics.repository.ts';
import type { Db } from '../../db/client.ts';
import type { AnalyticsAccount, SampleOutcome } from '../../domain/contracts/analytics.ts';
import type { OpenApiFailure } from '../../domain/contracts/open-api.ts';
import { FEATURE_OF_SCOPE, type TikTokScope } from '../../domain/contracts/social-account.ts';
import { ERRORS, type ErrorCode } from '../../domain/errors.ts';

/**
 * Whether the account may be asked at all.
 * @returns why not, or null where it may
 */
export async function whyNotSampled(db: Db, account: AnalyticsAccount, scope: TikTokScope): Promise<SampleOutcome | null> {
  const found = await findSamplingAccount(db, account.workspace_id, account.social_account_id);
  if (!found) return { kind: 'account_gone' };
  if (found.state === 'disconnected') return skipped('account_disconnected');
  if (found.state === 'reconnect_needed') return skipped('reconnect_needed', found.state_reason);
  if (!found.scopes.includes(scope)) return skipped('scope_missing', `${scope}: ${FEATURE_OF_SCOPE[scope]}`);
  return null;
}

/** What a failed call makes of a round: waiting helps, so Temporal tries again; or it does not, and the round says why. */
export function outcomeOfFailure(failure: OpenApiFailure): SampleOutcome {
  if (!failure.retryable) return { kind: 'skipped', code: failure.code, reason: failure.reason };
  throw ApplicationFailure.create({
    message: failure.reason,
    type: failure.code,
    ...(failure.retry_after_ms !== null && { nextRetryDelay: failure.retry_after_ms }),
  });
}

const skipped = (code: ErrorCode, detail: string | null = null): SampleOutcome => ({
  kind: 'skipped',
  code,
  reason: detail ? `${ERRORS[code].message} (${detail})` : ERRORS[code].message,
});
