import { proxyActivities, sleep } from '@temporalio/workflow';
import type { AccountReadActivities } from '../activities/accounts/account.activities.ts';
import type { CreatorInfo, OpenApiResult } from '../domain/contracts/open-api.ts';
import type { CreatorInfoInput } from '../domain/contracts/social-account.ts';

/** A person waits for the answer. */
const PAUSES_MS = [300, 1_500];
const LONGEST_PAUSE_MS = 5_000;

const activities = proxyActivities<AccountReadActivities>({
  startToCloseTimeout: '50s',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '200ms', maximumInterval: '2s', maximumAttempts: 5 },
});

/** What TikTok allows a creator now, tried again briefly. @returns how the last attempt went */
export async function readCreatorInfo(input: CreatorInfoInput): Promise<OpenApiResult<CreatorInfo>> {
  let result = await activities.readCreatorInfo(input);
  for (const pause of PAUSES_MS) {
    if (result.ok || !result.retryable || (result.retry_after_ms ?? 0) > LONGEST_PAUSE_MS) return result;
    await sleep(Math.max(pause, result.retry_after_ms ?? 0));
    result = await activities.readCreatorInfo(input);
  }
  return result;
}
