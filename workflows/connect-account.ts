import { isCancellation, log, proxyActivities, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { AccountActivities } from '../activities/accounts/account.activities.ts';
import type { ConnectAccountInput, ConnectAccountOutcome } from '../domain/contracts/social-account.ts';
import { accountsTaskQueue } from '../domain/names.ts';
import { patientActivities } from './account-activities.ts';

/** A person waits for the end of this: the name may come late, but not the account. */
const NAME_TIMEOUT = '15s';

/** Makes an account of the code that TikTok sent back, and has its tokens looked after. */
export async function connectAccount(input: ConnectAccountInput): Promise<ConnectAccountOutcome> {
  upsertSearchAttributes({ WorkspaceId: [input.workspace_id] });
  const outcome = await patientActivities({ summary: 'exchanges the code' }).connectAccount(input);
  if (outcome.kind === 'refused') return outcome;
  const { social_account_id } = outcome;
  upsertSearchAttributes({ SocialAccountId: [social_account_id] });

  const account = { social_account_id, workspace_id: input.workspace_id };
  const { readProfile, welcomeTokens } = proxyActivities<AccountActivities>({
    taskQueue: accountsTaskQueue(workflowInfo().taskQueue),
    startToCloseTimeout: '10s',
    scheduleToCloseTimeout: NAME_TIMEOUT,
    retry: { initialInterval: '300ms', maximumInterval: '3s' },
  });
  await Promise.all([welcomeTokens(account), byTheWay(readProfile(account))]);
  return outcome;
}

async function byTheWay(call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('the name of the account is not known yet', { error });
  }
}
