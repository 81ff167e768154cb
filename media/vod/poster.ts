import { existsSync } from 'node:fs';
import { convert, inputOf, type Tools } from './ffmpeg.ts';
import type { InspectedVideo } from './inspect.ts';

const TIMEOUT_MS = 120_000;
/** The very first picture is often black. */
const LATEST_S = 5;

/** A JPEG of at most 1280 pixels width, taken a little behind the start. @returns false: there is no picture in it */
export async function takePoster(tools: Tools, video: string, { video: track, probe }: Pick<InspectedVideo, 'video' | 'probe'>, path: string): Promise<boolean> {
  if (track === null) return false;
  // Sound may go on where the picture has ended: there ffmpeg finds none, writes no file, and is content.
  for (const at of [Math.min(LATEST_S, (probe.duration_ms ?? 0) / 4_000), 0]) {
    const args = ['-ss', at.toFixed(3), ...inputOf(video), '-map', '0:v:0', '-frames:v', '1', '-vf', "scale='min(1280,iw)':-2", '-q:v', '4', '-f', 'image2', '-update', '1', path];
    await convert(tools, args, TIMEOUT_MS);
    if (existsSync(path)) return true;
  }
  return false;
}
