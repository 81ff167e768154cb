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

/** What the workflows `ingestVod`, `publishClip` and `sweepVods` do. */
export const createVodActivities = (deps: VodDeps): IngestVodActivities & PublishClipActivities & SweepVodsActivities => ({
  openRecordingVod: (input) => openRecordingVod(deps.db, input),
  readLedger: ({ stream_id }) => readLedger(deps.db, stream_id),
  giveUpSegments: ({ stream_id, reason }) => giveUpSegments(deps.db, stream_id, reason),
  ...createJoinRecording(deps),
  ...createFetchVod(deps),
  ...createProcessVod(deps),
  ...createFinishVod(deps.db),
  ...createPublishClip(deps),
  ...createSweepVods(deps),
});
