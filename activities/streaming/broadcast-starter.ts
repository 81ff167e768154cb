import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { BroadcastInput, SessionStarted } from '../../domain/contracts/stream.ts';
import { broadcastWorkflowId, taskQueue } from '../../domain/names.ts';
import { sessionStartedSignal } from '../../workflows/broadcast.messages.ts';

/** Makes sure that a stream's life runs. Each call ends within `deadlineMs` or rejects. */
export interface BroadcastStarter {
  /** Nothing happens where it runs, or ran to its end. */
  start(input: BroadcastInput): Promise<void>;
  /** Tells it of a session, starting it where it does not run. @returns false: the broadcast ran to its end, the stream is over */
  sessionStarted(input: BroadcastInput, started: SessionStarted): Promise<boolean>;
}

export function createBroadcastStarter(client: Client, taskQueuePrefix = '', deadlineMs = 5_000): BroadcastStarter {
  const optionsOf = (input: BroadcastInput) => ({
    taskQueue: taskQueue('media', taskQueuePrefix),
    workflowId: broadcastWorkflowId(input.stream_id),
    workflowIdConflictPolicy: 'USE_EXISTING' as const,
    // One that broke or was terminated may be begun again; one that came to its end is over for good.
    workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY' as const,
    staticSummary: `Stream ${input.stream_id}`,
    args: [input] as [BroadcastInput],
  });
  const unlessOver = async (call: () => Promise<unknown>): Promise<boolean> => {
    try {
      await client.withDeadline(Date.now() + deadlineMs, call);
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
      throw error;
    }
  };
  return {
    async start(input) {
      await unlessOver(() => client.workflow.start('broadcast', optionsOf(input)));
    },
    sessionStarted: (input, started) =>
      unlessOver(() => client.workflow.signalWithStart('broadcast', { ...optionsOf(input), signal: sessionStartedSignal, signalArgs: [started] })),
  };
}
