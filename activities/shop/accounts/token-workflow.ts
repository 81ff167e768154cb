import { setTimeout as delay } from 'node:timers/promises';
import { WithStartWorkflowOperation, type Client } from '@temporalio/client';
import type { AuthorizationKey } from '../../../domain/contracts/channel.ts';
import type { RefreshAnswer } from '../../../domain/contracts/social-account.ts';
import { shopTokenWorkflowId, taskQueue } from '../../../domain/names.ts';
import { refreshUpdate } from '../../../workflows/shop-token.messages.ts';

/** Has the pair refreshed, by the workflow that owns it, unless the row holds a newer one than `seenVersion`. @throws where Temporal gives no answer in time */
export type AskRefresh = (authorization: AuthorizationKey, seenVersion: number) => Promise<RefreshAnswer>;

/** TikTok may take half a minute, and PostgreSQL may be away meanwhile. */
const REFRESH_MS = 90_000;
const ASKS = 3;
const PAUSE_MS = 200;

export function createAskRefresh(client: Client, taskQueuePrefix: string, refreshMs = REFRESH_MS): AskRefresh {
  const queue = taskQueue('shop', taskQueuePrefix);
  return async ({ authorization_id, workspace_id }, seenVersion) => {
    const deadline = Date.now() + refreshMs;
    const options = {
      taskQueue: queue,
      workflowId: shopTokenWorkflowId(authorization_id),
      workflowIdConflictPolicy: 'USE_EXISTING' as const,
      args: [{ authorization_id, workspace_id }],
      staticSummary: `Tokens of authorization ${authorization_id}`,
    };
    const ask = (): Promise<RefreshAnswer> =>
      client.withDeadline(deadline, () =>
        client.workflow.executeUpdateWithStart(refreshUpdate, {
          startWorkflowOperation: new WithStartWorkflowOperation('shopToken', options),
          args: [{ seen_version: seenVersion }],
        }),
      );
    for (let asked = 1; ; asked += 1) {
      try {
        return await ask();
      } catch (error) {
        // A workflow that is just ending, or continuing as new, takes no update: the next one does.
        if (asked === ASKS || Date.now() >= deadline) throw error;
        await delay(PAUSE_MS * asked);
      }
    }
  };
}
