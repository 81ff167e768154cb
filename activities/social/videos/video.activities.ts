import type { ProcessVideoActivities, SweepVideosActivities } from '../../../domain/contracts/video.ts';
import { createFinishVideo } from './finish-video.ts';
import { createSweepVideos, type SweepPatience } from './sweep-videos.ts';
import { createTranscodeVideo } from './transcode-video.ts';
import type { VideoDeps } from './video-deps.ts';

/** What the workflows `processVideo` and `sweepVideos` do on the role's task queue. */
export const createVideoActivities = (deps: VideoDeps, patience?: SweepPatience): Pick<ProcessVideoActivities, 'finishVideo'> & SweepVideosActivities => ({
  ...createFinishVideo(deps),
  ...createSweepVideos(deps, patience),
});

/** What they do on transcodeTaskQueue. */
export const createTranscodeActivities = (deps: VideoDeps): Pick<ProcessVideoActivities, 'transcodeVideo'> => createTranscodeVideo(deps);
