import { WithStartWorkflowOperation, type Client } from '@temporalio/client';
import type { AuthorizationKey } from '../../../domain/contracts/channel.ts';
import type { RefreshAnswer } from '../../../domain/contracts/social-account.ts';
import { shopTokenWorkflowId, taskQueue } from '../../../domain/names.ts';
import { refreshUpdate } from '../../../workflows/shop-token.messages.ts';
import { askRefresh, REFRESH_MS } from '../../accounts/ask-refresh.ts';

/** Has the pair refreshed, by the workflow that owns it, unless the row holds a newer one than `seenVersion`. @throws where Temporal gives no answer in time */
export type AskRefresh = (authorization: AuthorizationKey, seenVersion: number) => Promise<RefreshAnswer>;

export function createAskRefresh(client: Client, taskQueuePrefix: string, refreshMs = REFRESH_MS): AskRefresh {
  const queue = taskQueue('shop', taskQueuePrefix);
  return ({ authorization_id, workspace_id }, seenVersion) => {
    const options = {
      taskQueue: queue,
      workflowId: shopTokenWorkflowId(authorization_id),
      workflowIdConflictPolicy: 'USE_EXISTING' as const,
      args: [{ authorization_id, workspace_id }],
      staticSummary: `Tokens of authorization ${authorization_id}`,
    };
    return askRefresh(client, refreshMs, () =>
      client.workflow.executeUpdateWithStart(refreshUpdate, {
        startWorkflowOperation: new WithStartWorkflowOperation('shopToken', options),
        args: [{ seen_version: seenVersion }],
      }),
    );
  };
}
