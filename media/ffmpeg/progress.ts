import type { Readable } from 'node:stream';
import { eachLine } from './lines.ts';

/** What ffmpeg says of itself by -progress, once a second. */
export interface FfmpegProgress {
  /** Video frames written so far; null without video. */
  frames: number | null;
  /** Where in the output it is, milliseconds; null: nothing was written yet. */
  out_ms: number | null;
  /** Output seconds made in a second of time; null: unknown yet. */
  speed: number | null;
  dropped_frames: number;
}

/** Reads the blocks of `key=value` lines, each ended by `progress=…`. */
export function parseProgress(stream: Readable, onProgress: (progress: FfmpegProgress) => void): void {
  const block = new Map<string, string>();
  eachLine(stream, (line) => {
    const [key, value] = line.split('=', 2).map((part) => part.trim()) as [string, string | undefined];
    if (value === undefined) return;
    if (key !== 'progress') {
      block.set(key, value);
      return;
    }
    onProgress(toProgress(block));
    block.clear();
  });
}

function toProgress(block: ReadonlyMap<string, string>): FfmpegProgress {
  const figure = (key: string): number | null => {
    const value = Number.parseFloat(block.get(key) ?? '');
    return Number.isFinite(value) ? value : null;
  };
  const microseconds = figure('out_time_us');
  return { frames: figure('frame'), out_ms: microseconds === null ? null : Math.round(microseconds / 1_000), speed: figure('speed'), dropped_frames: figure('drop_frames') ?? 0 };
}
