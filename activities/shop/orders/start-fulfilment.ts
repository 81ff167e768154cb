import type { Client } from '@temporalio/client';
import type { OrderKey } from '../../../domain/contracts/shop-order.ts';
import { fulfilOrderWorkflowId, taskQueue } from '../../../domain/names.ts';

/** Starts an order's workflow without news; nothing happens where it runs. */
export function createStartFulfilment(client: Client, taskQueuePrefix: string, deadlineMs = 5_000): (order: OrderKey) => Promise<void> {
  const queue = taskQueue('shop', taskQueuePrefix);
  return async ({ channel_id, workspace_id, order_id }) => {
    await client.withDeadline(Date.now() + deadlineMs, () =>
      client.workflow.start('fulfilOrder', {
        taskQueue: queue,
        workflowId: fulfilOrderWorkflowId(channel_id, order_id),
        workflowIdConflictPolicy: 'USE_EXISTING',
        args: [{ channel_id, workspace_id, order_id }],
        staticSummary: `Order ${order_id}`,
      }),
    );
  };
}
