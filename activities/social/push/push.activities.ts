import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { PushActivities, PushTimings } from '../../../domain/contracts/push.ts';
import { pushNotificationsWorkflowId, taskQueue } from '../../../domain/names.ts';
import { heartbeating } from '../../actions/heartbeating.ts';
import { runPushQueue, type PushQueueDeps } from './push-queue.ts';

export interface PushActivityDeps extends PushQueueDeps {
  client: Client;
  taskQueuePrefix: string;
}

/** Starts the one workflow that pushes, where it does not run. @throws what the client throws */
export async function ensurePushing({ client, taskQueuePrefix }: Pick<PushActivityDeps, 'client' | 'taskQueuePrefix'>): Promise<void> {
  await client.workflow.start('pushNotifications', {
    taskQueue: taskQueue('social', taskQueuePrefix),
    workflowId: pushNotificationsWorkflowId(taskQueuePrefix),
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: 'Push notifications of the app',
    args: [{}],
  });
}

export function createPushActivities(deps: PushActivityDeps): PushActivities {
  return {
    async deliverPushes(timings: PushTimings): Promise<number> {
      const context = Context.current();
      const stop = new AbortController();
      const end = (): void => stop.abort();
      const timer = setTimeout(end, timings.run_ms);
      context.cancellationSignal.addEventListener('abort', end, { once: true });
      if (context.cancellationSignal.aborted) end();
      let settled = 0;
      try {
        await heartbeating(
          () => runPushQueue(deps, timings, stop.signal, (count) => void (settled += count)),
          () => settled,
        );
      } finally {
        clearTimeout(timer);
        context.cancellationSignal.removeEventListener('abort', end);
      }
      if (context.cancellationDetails?.workerShutdown) throw ApplicationFailure.create({ message: 'The worker shuts down.', type: 'WorkerShutdown', nextRetryDelay: '100ms' });
      context.cancellationSignal.throwIfAborted();
      return settled;
    },

    ensurePushing: () => ensurePushing(deps),
  };
}
