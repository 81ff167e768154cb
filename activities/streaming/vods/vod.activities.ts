import { giveUpSegments, readLedger } from '../../../db/vod-recording.repository.ts';
import { openRecordingVod } from '../../../db/vod.repository.ts';
import type { IngestVodActivities, PublishClipActivities, SweepVodsActivities } from '../../../domain/contracts/vod.ts';
import { createFetchVod } from './fetch-vod.ts';
import { createFinishVod } from './finish-vod.ts';
import { createJoinRecording } from './join-recording.ts';
import { createProcessVod } from './process-vod.ts';
import { createPublishClip } from './publish-clip.ts';
import { createSweepVods } from './sweep-vods.ts';
import type { VodDeps } from './vod-deps.ts';

/** What takes minutes to hours: on a task queue of its own. */
export const createLongVodActivities = (deps: VodDeps): Pick<IngestVodActivities & PublishClipActivities, 'joinRecording' | 'fetchVod' | 'processVod' | 'makeClip'> => {
  const { makeClip } = createPublishClip(deps);
  return { ...createJoinRecording(deps), ...createFetchVod(deps), ...createProcessVod(deps), makeClip };
};

/** What the workflows `ingestVod`, `publishClip` and `sweepVods` do. */
export const createVodActivities = (deps: VodDeps): IngestVodActivities & PublishClipActivities & SweepVodsActivities => ({
  openRecordingVod: (input) => openRecordingVod(deps.db, input),
  readLedger: ({ stream_id }) => readLedger(deps.db, stream_id),
  giveUpSegments: ({ stream_id, reason }) => giveUpSegments(deps.db, stream_id, reason),
  ...createFinishVod(deps.db),
  ...createPublishClip(deps),
  // Workflows that began before there was a task queue for it ask for it here.
  ...createLongVodActivities(deps),
  ...createSweepVods(deps),
});
