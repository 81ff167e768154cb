import { proxyActivities, setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { PublishClipActivities, PublishClipInput } from '../domain/contracts/vod.ts';
import { vodsTaskQueue } from '../domain/names.ts';
import { orGivenUp } from './given-up.ts';

const { postClip, failClip } = proxyActivities<PublishClipActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
});

/** Cuts a clip of a video and makes its posts, whose own workflows publish them. */
export async function publishClip({ clip_id, workspace_id }: PublishClipInput): Promise<void> {
  upsertSearchAttributes({ WorkspaceId: [workspace_id] });
  const { makeClip } = proxyActivities<PublishClipActivities>({
    taskQueue: vodsTaskQueue(workflowInfo().taskQueue),
    startToCloseTimeout: '6 hours',
    scheduleToCloseTimeout: '1 day',
    heartbeatTimeout: '30 seconds',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1 minute' },
  });
  setCurrentDetails('cutting');
  const made = await orGivenUp(() => makeClip({ clip_id }));
  setCurrentDetails(made.ok ? 'posting' : made.reason);
  const outcome = made.ok ? await orGivenUp(() => postClip({ clip_id })) : made;
  if (!outcome.ok) await failClip({ clip_id, code: outcome.code, reason: outcome.reason });
}
