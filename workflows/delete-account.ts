import { proxyActivities, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { DEFAULT_ACCOUNT_TIMINGS, type AccountTimings, type DeleteAccountActivities, type DeleteAccountInput } from '../domain/contracts/app-account.ts';

/** Removes what belongs to a user of the app who has deleted their account; nothing of it may be left because a step failed once. */
export async function deleteAccount({ user_id, workspace_id, timings: given }: DeleteAccountInput): Promise<void> {
  const timings: AccountTimings = { ...DEFAULT_ACCOUNT_TIMINGS, ...given };
  upsertSearchAttributes({ WorkspaceId: [workspace_id] });
  // Tried until it is done: a part that is away comes back, and what is a fault of ours is seen in Temporal.
  const steps = proxyActivities<DeleteAccountActivities>({
    startToCloseTimeout: '6 hours',
    heartbeatTimeout: timings.heartbeat_timeout_ms,
    retry: { initialInterval: timings.retry_initial_ms, backoffCoefficient: 2, maximumInterval: '10 minutes' },
  });
  const account = { user_id, workspace_id };
  setCurrentDetails('closing the account');
  if (!(await steps.closeAccount(account))) return;
  setCurrentDetails('removing streams');
  await steps.removeStreams(account);
  setCurrentDetails('removing relations');
  await steps.removeRelations(account);
  setCurrentDetails('removing traces');
  await steps.removeTraces(account);
  setCurrentDetails('removing reactions');
  await steps.removeReactions(account);
  setCurrentDetails('removing videos');
  await steps.removeVideos(account);
  setCurrentDetails('emptying messages');
  await steps.emptyMessages(account);
  setCurrentDetails('forfeiting coins');
  await steps.forfeitCoins(account);
  const counts = await steps.finishDeletion(account);
  setCurrentDetails(`done: ${JSON.stringify(counts)}`);
}
