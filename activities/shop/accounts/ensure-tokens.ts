import type { Client } from '@temporalio/client';
import type { Db } from '../../../db/client.ts';
import { listLiveAuthorizations } from '../../../db/shop-authorization.repository.ts';
import { shopTokenWorkflowId, taskQueue } from '../../../domain/names.ts';

export interface EnsureTokensDeps {
  db: Db;
  client: Client;
  taskQueuePrefix: string;
  signal: AbortSignal;
}

const AT_ONCE = 10;
const START_MS = 10_000;

/** Makes sure that each authorization with tokens has its workflow: one whose start was lost would let them end unseen. @returns how many there are */
export async function ensureShopTokens({ db, client, taskQueuePrefix, signal }: EnsureTokensDeps): Promise<number> {
  let count = 0;
  for (let after: string | null = null; !signal.aborted; ) {
    const page = await listLiveAuthorizations(db, after, AT_ONCE);
    await Promise.all(
      page.map((key) =>
        client.withDeadline(Date.now() + START_MS, () =>
          client.workflow.start('shopToken', {
            taskQueue: taskQueue('shop', taskQueuePrefix),
            workflowId: shopTokenWorkflowId(key.authorization_id),
            workflowIdConflictPolicy: 'USE_EXISTING',
            args: [key],
            staticSummary: `Tokens of authorization ${key.authorization_id}`,
          }),
        ),
      ),
    );
    count += page.length;
    after = page.at(-1)?.authorization_id ?? null;
    if (after === null) break;
  }
  return count;
}
