import { Context } from '@temporalio/activity';
import type { Db } from '../../db/client.ts';
import { recordAccountSample } from '../../db/metrics.repository.ts';
import type { SampleInput, SampleOutcome } from '../../domain/contracts/analytics.ts';
import type { TikTokUser } from '../../domain/contracts/open-api.ts';
import { ERRORS } from '../../domain/errors.ts';
import type { OpenApiClient } from '../../tiktok/open-api/client.ts';
import type { AccountCalls } from '../accounts/account-calls.ts';
import { heartbeating } from '../actions/heartbeating.ts';
import { outcomeOfFailure, whyNotSampled } from './sampling-account.ts';

const SCOPE = 'user.info.stats';

export interface AccountSamplingDeps {
  db: Db;
  tiktok: Pick<OpenApiClient, 'userInfo'>;
  calls: AccountCalls;
}

export function createAccountSampling({ db, tiktok, calls }: AccountSamplingDeps) {
  return {
    /**
     * Asks TikTok for the account's statistics and keeps them.
     * @throws ApplicationFailure, retryable, where TikTok does not answer now
     */
    sampleAccount: (input: SampleInput): Promise<SampleOutcome> =>
      heartbeating(async () => {
        const refusal = await whyNotSampled(db, input, SCOPE);
        if (refusal) return refusal;
        const signal = Context.current().cancellationSignal;
        const answer = await calls.withToken(input.social_account_id, { scope: SCOPE, signal }, (token, { scopes }) => tiktok.userInfo(token, scopes, signal));
        if (!answer.ok) return outcomeOfFailure(answer);
        const counts = countsOf(answer.value);
        if (!counts) return { kind: 'skipped', code: 'tiktok_bad_response', reason: `${ERRORS.tiktok_bad_response.message} (no account statistics in it)` };
        const rows = await recordAccountSample(db, input.social_account_id, new Date(input.sampled_at_ms), counts);
        return { kind: 'sampled', rows, gone: 0 };
      }),
  };
}

function countsOf({ follower_count, following_count, likes_count, video_count }: TikTokUser) {
  if (follower_count === null || following_count === null || likes_count === null || video_count === null) return null;
  return { follower_count, following_count, likes_count, video_count };
}
