import { WithStartWorkflowOperation, type Client } from '@temporalio/client';
import type { AccountKey } from '../../db/social-account.repository.ts';
import type { RefreshAnswer } from '../../domain/contracts/social-account.ts';
import { taskQueue, tiktokTokenWorkflowId } from '../../domain/names.ts';
import { reconnectedSignal, refreshUpdate } from '../../workflows/tiktok-token.messages.ts';
import { askRefresh, REFRESH_MS } from './ask-refresh.ts';

/** The workflow that owns an account's tokens, started where it does not run. */
export interface TokenWorkflow {
  /** Has the pair refreshed unless the row holds a newer one than `seenVersion`. @throws where Temporal gives no answer in time */
  refresh(account: AccountKey, seenVersion: number): Promise<RefreshAnswer>;
  /** Tells it that connecting has stored a new pair. */
  welcome(account: AccountKey): Promise<void>;
}

const WELCOME_MS = 10_000;

export function createTokenWorkflow(client: Client, taskQueuePrefix: string, refreshMs = REFRESH_MS): TokenWorkflow {
  const queue = taskQueue('publish', taskQueuePrefix);
  const options = ({ social_account_id, workspace_id }: AccountKey) => ({
    taskQueue: queue,
    workflowId: tiktokTokenWorkflowId(social_account_id),
    workflowIdConflictPolicy: 'USE_EXISTING' as const,
    args: [{ social_account_id, workspace_id }],
    staticSummary: `Tokens of account ${social_account_id}`,
  });
  return {
    refresh: (account, seenVersion) =>
      askRefresh(client, refreshMs, () =>
        client.workflow.executeUpdateWithStart(refreshUpdate, {
          startWorkflowOperation: new WithStartWorkflowOperation('tiktokToken', options(account)),
          args: [{ seen_version: seenVersion }],
        }),
      ),
    async welcome(account) {
      await client.withDeadline(Date.now() + WELCOME_MS, () =>
        client.workflow.signalWithStart('tiktokToken', { ...options(account), signal: reconnectedSignal, signalArgs: [] }),
      );
    },
  };
}
