import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ANSWER_MS = 10_000;

/** Whether ffmpeg runs on this machine. @param path FFMPEG_PATH */
export const isFfmpegThere = (path: string): Promise<boolean> =>
  run(path, ['-version'], { timeout: ANSWER_MS }).then(
    () => true,
    () => false,
  );
