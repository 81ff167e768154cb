import { Context } from '@temporalio/activity';
import type { CreatorInfo, OpenApiResult } from '../../domain/contracts/open-api.ts';
import type { CreatorInfoInput } from '../../domain/contracts/social-account.ts';
import type { OpenApiClient } from '../../tiktok/open-api/client.ts';
import { heartbeating } from '../actions/heartbeating.ts';
import type { AccountCalls } from './account-calls.ts';

export interface CreatorInfoDeps {
  tiktok: Pick<OpenApiClient, 'creatorInfo'>;
  calls: AccountCalls;
}

export function createCreatorInfoActivities({ tiktok, calls }: CreatorInfoDeps) {
  return {
    /** What TikTok allows the creator now; a refusal is a value. */
    readCreatorInfo: ({ social_account_id }: CreatorInfoInput): Promise<OpenApiResult<CreatorInfo>> =>
      heartbeating(() => {
        const signal = Context.current().cancellationSignal;
        return calls.withToken(social_account_id, { scope: 'video.publish', signal }, (token) => tiktok.creatorInfo(token, signal));
      }),
  };
}
