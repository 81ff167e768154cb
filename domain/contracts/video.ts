import type { ErrorCode } from '../errors.ts';

/** processing: it is made to play everywhere. failed: the reason says why. */
export const VIDEO_STATUSES = ['processing', 'ready', 'failed'] as const;
export type VideoStatus = (typeof VIDEO_STATUSES)[number];

export const VIDEO_PRIVACY = ['public', 'friends', 'private'] as const;
export type VideoPrivacy = (typeof VIDEO_PRIVACY)[number];

/** Input of the `processVideo` workflow. */
export interface ProcessVideoInput {
  video_id: string;
  workspace_id: string;
  request_id: string | null;
  timings?: Partial<VideoTimings>;
}

/** Milliseconds. */
export interface VideoTimings {
  /** A worker that is silent for so long is gone. */
  heartbeat_timeout_ms: number;
}
export const DEFAULT_VIDEO_TIMINGS: VideoTimings = { heartbeat_timeout_ms: 30_000 };

/** What became of a video: whether it has sound, or why there is none. */
export type TranscodeOutcome = { ok: true; has_sound: boolean } | { ok: false; code: ErrorCode; reason: string };

export interface ProcessVideoActivities {
  /** Makes playlists, renditions, thumbnail and sound of the uploaded file, and puts them into storage. */
  transcodeVideo(input: { video_id: string }): Promise<TranscodeOutcome>;
  /** Publishes it, or says why it failed; what is not needed any more is removed. */
  finishVideo(input: { video_id: string; outcome: TranscodeOutcome }): Promise<void>;
}

export interface SweepVideosActivities {
  /** Has videos made that nobody works on, and removes the files of deleted ones. @returns how many were looked after */
  sweepVideos(): Promise<number>;
}

const folderOf = (videoId: string): string => `videos/${videoId}`;

/** Where the file lies as it was uploaded; gone once the video is ready or has failed. */
export const videoSourceKey = (videoId: string): string => `${folderOf(videoId)}/source`;

/** What is served of a video: each attempt writes the same names, so that none leaves anything behind. */
export const VIDEO_FILES = ['master.m3u8', 'high.m3u8', 'high.m4s', 'low.m3u8', 'low.m4s', 'thumbnail.jpg'] as const;
export type VideoFile = (typeof VIDEO_FILES)[number];
export const videoFileKey = (videoId: string, file: VideoFile): string => `${folderOf(videoId)}/${file}`;
export const videoKeys = (videoId: string): string[] => [videoSourceKey(videoId), ...VIDEO_FILES.map((file) => videoFileKey(videoId, file))];

export const soundKey = (soundId: string): string => `sounds/${soundId}/audio.m4a`;
