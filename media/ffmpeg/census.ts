import type { FfmpegEnd } from './run-ffmpeg.ts';

/** What an ffmpeg is run for: it tells runs apart in the metrics. */
export type FfmpegPurpose = 'bridge' | 'pull' | 'egress' | 'thumbnail' | 'vod' | 'other';
export type FfmpegOutcome = 'done' | 'stopped' | 'timed_out' | 'failed';

const outcomeOf = ({ code, stopped, timed_out }: FfmpegEnd): FfmpegOutcome => (timed_out ? 'timed_out' : stopped ? 'stopped' : code === 0 ? 'done' : 'failed');

/** Counts the ffmpeg processes of this process, those that run and how those that ended did. */
class FfmpegCensus {
  readonly running = new Map<FfmpegPurpose, number>();
  /** By purpose and outcome, as `purpose outcome`. */
  readonly ended = new Map<`${FfmpegPurpose} ${FfmpegOutcome}`, number>();

  watch(purpose: FfmpegPurpose, ended: Promise<FfmpegEnd>): void {
    this.running.set(purpose, (this.running.get(purpose) ?? 0) + 1);
    void ended.then((end) => {
      this.running.set(purpose, (this.running.get(purpose) ?? 1) - 1);
      const key = `${purpose} ${outcomeOf(end)}` as const;
      this.ended.set(key, (this.ended.get(key) ?? 0) + 1);
    });
  }
}

export const ffmpegCensus = new FfmpegCensus();
