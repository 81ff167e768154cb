import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { AnalyticsActivities } from '../../activities/analytics/analytics.activities.ts';
import type { PublishActivities } from '../../activities/publish/publish.activities.ts';
import type { PublishTimings } from '../../domain/contracts/post.ts';

/** An upload URL is good for an hour; who still fails after this has lost it. */
const CHUNK_LIFE = '65 minutes';

/** The activities of `publishVideo`, each with its timeouts. What TikTok refuses is a value; what is retried here is our side. */
export function publishActivities({ heartbeat_timeout_ms, retry_initial_ms, retry_max_ms }: PublishTimings) {
  const retry = { initialInterval: Math.min(retry_initial_ms, 500), backoffCoefficient: 2, maximumInterval: Math.min(retry_max_ms, 15_000) };
  const rows = proxyActivities<PublishActivities>({ startToCloseTimeout: '10 seconds', retry, summary: 'the post’s row' });
  const calls = proxyActivities<PublishActivities>({
    startToCloseTimeout: '5 minutes',
    heartbeatTimeout: heartbeat_timeout_ms,
    retry,
    summary: 'asks TikTok',
  });
  const { uploadChunk } = proxyActivities<PublishActivities>({
    startToCloseTimeout: CHUNK_LIFE,
    scheduleToCloseTimeout: CHUNK_LIFE,
    heartbeatTimeout: heartbeat_timeout_ms,
    // The next step must know whether this one still sends.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: retry_initial_ms, backoffCoefficient: 2, maximumInterval: retry_max_ms },
    summary: 'one chunk of the file',
  });
  const { sampleAnalyticsNow } = proxyActivities<AnalyticsActivities>({
    startToCloseTimeout: '10 seconds',
    retry: { maximumAttempts: 3 },
    summary: 'first numbers of a published post',
  });
  return {
    beginPost: rows.beginPost,
    editPost: rows.editPost,
    takeInitTurn: rows.takeInitTurn,
    setPostState: rows.setPostState,
    abandonInit: rows.abandonInit,
    preparePost: calls.preparePost,
    initPost: calls.initPost,
    pollStatus: calls.pollStatus,
    findVideo: calls.findVideo,
    cancelAtTikTok: calls.cancelAtTikTok,
    uploadChunk,
    sampleAnalyticsNow,
  };
}
