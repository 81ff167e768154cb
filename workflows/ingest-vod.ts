import { proxyActivities, setCurrentDetails, sleep, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { DEFAULT_INGEST_TIMINGS, type IngestTimings, type IngestVodActivities, type IngestVodInput } from '../domain/contracts/vod.ts';
import { vodsTaskQueue } from '../domain/names.ts';
import { orGivenUp } from './given-up.ts';

const MAX_POLL_MS = 60_000;

// PostgreSQL being gone is waited for.
const { openRecordingVod, readLedger, giveUpSegments, finishVod } = proxyActivities<IngestVodActivities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
});

/** Makes one video: of a recording whose stream is over, of an upload, or of a file that is fetched. */
export async function ingestVod(input: IngestVodInput): Promise<void> {
  const timings: IngestTimings = { ...DEFAULT_INGEST_TIMINGS, ...input.timings };
  upsertSearchAttributes({ WorkspaceId: [input.workspace_id], ...(input.stream_id && { StreamId: [input.stream_id] }) });
  const { joinRecording, fetchVod, processVod } = proxyActivities<IngestVodActivities>({
    taskQueue: vodsTaskQueue(workflowInfo().taskQueue),
    startToCloseTimeout: '12 hours',
    scheduleToCloseTimeout: '2 days',
    heartbeatTimeout: timings.heartbeat_timeout_ms,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1 minute' },
  });

  if (input.source === 'recording') {
    const stream_id = input.stream_id!;
    const vod_id = await openRecordingVod({ vod_id: input.vod_id, stream_id, workspace_id: input.workspace_id });
    if (vod_id === null) return;
    await settle(stream_id, timings);
    setCurrentDetails('joining');
    return finishVod({ vod_id, outcome: await orGivenUp(() => joinRecording({ vod_id, stream_id })) });
  }
  const { vod_id } = input;
  if (input.source === 'fetch') {
    setCurrentDetails('fetching');
    const fetched = await orGivenUp(() => fetchVod({ vod_id }));
    if (!fetched.ok) return finishVod({ vod_id, outcome: fetched });
  }
  setCurrentDetails('processing');
  await finishVod({ vod_id, outcome: await orGivenUp(() => processVod({ vod_id })) });
}

/** Waits until no segment is on its way any more; what does not come in time is given up. */
async function settle(stream_id: string, { settle_poll_ms, settle_max_ms }: IngestTimings): Promise<void> {
  const until = Date.now() + settle_max_ms;
  for (let pause = settle_poll_ms; ; pause = Math.min(pause * 2, MAX_POLL_MS)) {
    const { unsettled, total, lost } = await readLedger({ stream_id });
    setCurrentDetails(`${Math.max(0, total - unsettled - lost)} of ${total} segments are stored, ${lost} lost`);
    if (unsettled === 0) return;
    if (Date.now() >= until) break;
    await sleep(Math.min(pause, Math.max(1, until - Date.now())));
  }
  await giveUpSegments({ stream_id, reason: `Its media host did not bring it in within ${Math.round(settle_max_ms / 1_000)} s after the stream’s end.` });
}
