import { ApplicationFailure, type Client } from '@temporalio/client';
import type { Db } from '../db/client.ts';
import { listOwnedLivestreams } from '../db/consumer.repository.ts';
import { livestreamWorkflowId } from '../domain/names.ts';
import type { ErrorLog } from '../activities/live/log.ts';

/** temporal.api.enums.v1.PendingActivityState: given to a worker. */
const STARTED = 2;

/**
 * A worker that died (kill -9) and was started again in the same slot: its consumers' activities still count as running
 * until their heartbeat times out. We know better, so we report them failed, and Temporal gives them out at once.
 * The epoch in the database keeps this safe even if the slot's former process should still live.
 */
export async function takeBackLivestreams(client: Client, db: Db, owner: string, log: ErrorLog): Promise<number> {
  const ids = await listOwnedLivestreams(db, owner);
  const results = await Promise.allSettled(ids.map((id) => failActivity(client, livestreamWorkflowId(id))));
  results.forEach((result, index) => {
    if (result.status === 'rejected') log.warn({ err: result.reason, livestream_id: ids[index] }, 'could not take a livestream back; its heartbeat timeout will');
  });
  return results.filter((result) => result.status === 'fulfilled').length;
}

async function failActivity(client: Client, workflowId: string): Promise<void> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  const pending = raw.pendingActivities?.find((activity) => activity.activityType?.name === 'consumeLivestream' && activity.state === STARTED);
  if (!pending?.activityId) return;
  const failure = ApplicationFailure.create({ message: 'The worker process died and was started again.', type: 'WorkerDied', nextRetryDelay: '1ms' });
  await client.activity.fail({ workflowId, activityId: pending.activityId }, failure);
}
