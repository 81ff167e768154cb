import type { Db } from '../../db/client.ts';
import { dropTurns, holdTurns } from '../../db/init-turn.repository.ts';
import type { OpenApiFailure } from '../../domain/contracts/open-api.ts';
import type { PostFault, PostMode } from '../../domain/contracts/post.ts';
import { ERRORS, type ErrorCode } from '../../domain/errors.ts';
import { stepAfterRefusal } from '../../domain/publishing/open-api-errors.ts';
import { waitInRow } from './post-rows.ts';
import type { PublishRef } from './working-post.ts';

/** TikTok or our own side fails: not a limit, so it is not asked about for long. */
const REPEAT_MS = 15_000;
/** Limits of the account, which its other posts run into as well. */
const HOLDS: readonly ErrorCode[] = ['tiktok_rate_limited', 'tiktok_daily_cap', 'tiktok_pending_cap', 'tiktok_active_user_cap'];

/**
 * What a refusal before anything was posted means: a limit becomes a hold on the account's queue and a durable wait, a failure
 * that may pass a short wait, and anything else ends the post.
 */
export async function afterRefusal(
  db: Db,
  ref: PublishRef,
  mode: PostMode,
  failure: OpenApiFailure,
): Promise<{ kind: 'wait'; wait_ms: number; reason: string } | { kind: 'refused'; fault: PostFault }> {
  const step = stepAfterRefusal(failure) ?? {
    kind: 'wait' as const,
    code: failure.code,
    wait_ms: failure.retry_after_ms ?? REPEAT_MS,
    reason: `${ERRORS[failure.code].message} ${failure.reason}`,
  };
  if (step.kind === 'refused') return step;
  const { code, wait_ms, reason } = step;
  if (HOLDS.includes(code)) await holdTurns(db, { social_account_id: ref.social_account_id, mode, for_ms: wait_ms, code, reason });
  await waitInRow(db, ref, code, reason);
  await dropTurns(db, ref.post_id);
  return { kind: 'wait', wait_ms, reason };
}
