import type { Client } from '@temporalio/client';
import type { DeliverActionsInput, RestoreDeviceInput } from '../../domain/contracts/delivery.ts';
import { deliverWorkflowId, restoreWorkflowId, taskQueue } from '../../domain/names.ts';

/** Makes sure that a workflow runs for what waits. Each call ends within `deadlineMs` or rejects. */
export interface WorkflowStarter {
  deliver(input: DeliverActionsInput): Promise<void>;
  restore(input: RestoreDeviceInput): Promise<void>;
}

/** One workflow for each target and device: started, or told that there is more (signal with start). */
export function createWorkflowStarter(client: Client, taskQueuePrefix = '', deadlineMs = 5_000): WorkflowStarter {
  const queue = taskQueue('actions', taskQueuePrefix);
  return {
    async deliver(input) {
      await client.withDeadline(Date.now() + deadlineMs, () =>
        client.workflow.signalWithStart('deliverActions', {
          taskQueue: queue,
          workflowId: deliverWorkflowId(input.target),
          args: [input],
          signal: 'wake',
          signalArgs: [],
          staticSummary: `Delivers to ${input.target}`,
        }),
      );
    },
    async restore(input) {
      await client.withDeadline(Date.now() + deadlineMs, () =>
        client.workflow.signalWithStart('restoreDevice', {
          taskQueue: queue,
          workflowId: restoreWorkflowId(input.device_id),
          args: [input],
          signal: 'extend',
          signalArgs: [],
          staticSummary: `Restores device ${input.device_id}`,
        }),
      );
    },
  };
}
