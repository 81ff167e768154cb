import { proxyActivities, setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { DEFAULT_VIDEO_TIMINGS, type ProcessVideoActivities, type ProcessVideoInput, type VideoTimings } from '../domain/contracts/video.ts';
import { transcodeTaskQueue } from '../domain/names.ts';
import { orGivenUp } from './given-up.ts';

// PostgreSQL or the storage being gone is waited for.
const { finishVideo } = proxyActivities<ProcessVideoActivities>({
  startToCloseTimeout: '2 minutes',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
});

/** Makes one uploaded video of the app play everywhere, and publishes it. */
export async function processVideo({ video_id, workspace_id, timings: given }: ProcessVideoInput): Promise<void> {
  const timings: VideoTimings = { ...DEFAULT_VIDEO_TIMINGS, ...given };
  upsertSearchAttributes({ WorkspaceId: [workspace_id] });
  const { transcodeVideo } = proxyActivities<ProcessVideoActivities>({
    taskQueue: transcodeTaskQueue(workflowInfo().taskQueue),
    startToCloseTimeout: '2 hours',
    scheduleToCloseTimeout: '2 days',
    heartbeatTimeout: timings.heartbeat_timeout_ms,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1 minute' },
  });
  setCurrentDetails('transcoding');
  const outcome = await orGivenUp(() => transcodeVideo({ video_id }));
  setCurrentDetails(outcome.ok ? 'publishing' : `failed: ${outcome.reason}`);
  await finishVideo({ video_id, outcome });
}
