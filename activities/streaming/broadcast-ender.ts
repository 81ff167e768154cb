import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { BroadcastInput, EndBroadcast } from '../../domain/contracts/stream.ts';
import { broadcastWorkflowId, taskQueue } from '../../domain/names.ts';
import { endBroadcastSignal } from '../../workflows/broadcast.messages.ts';

/** Ends a stream whose life runs, or was never begun; one that is over needs nothing. Each call ends within `deadlineMs` or rejects. */
export type BroadcastEnder = (input: BroadcastInput, end: EndBroadcast) => Promise<void>;

export const createBroadcastEnder =
  (client: Client, taskQueuePrefix = '', deadlineMs = 5_000): BroadcastEnder =>
  async (input, end) => {
    const options = {
      taskQueue: taskQueue('media', taskQueuePrefix),
      workflowId: broadcastWorkflowId(input.stream_id),
      workflowIdConflictPolicy: 'USE_EXISTING' as const,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY' as const,
      staticSummary: `Stream ${input.stream_id}`,
      args: [input] as [BroadcastInput],
    };
    try {
      await client.withDeadline(Date.now() + deadlineMs, () => client.workflow.signalWithStart('broadcast', { ...options, signal: endBroadcastSignal, signalArgs: [end] }));
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  };
