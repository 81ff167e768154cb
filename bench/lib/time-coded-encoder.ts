import { setTimeout as delay } from 'node:timers/promises';
import { runFfmpeg } from '../../media/ffmpeg/run-ffmpeg.ts';
import { paintGrey, TIME_CODE } from './time-code.ts';

const FPS = 30;
const LONGEST_MS = 30 * 60_000;

export interface TimeCodedEncoder {
  stop(): Promise<void>;
}

/** Publishes frames with the time in them by RTMP, as an encoder with low delay does. A frame that ffmpeg has no room for is left out. */
export function publishTimeCode(url: string, ffmpeg: string): TimeCodedEncoder {
  const { width, height } = TIME_CODE;
  const input = ['-f', 'rawvideo', '-pix_fmt', 'gray', '-video_size', `${width}x${height}`, '-framerate', String(FPS), '-use_wallclock_as_timestamps', '1', '-i', 'pipe:0'];
  const sound = ['-re', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'];
  const codec = ['-map', '0:v', '-map', '1:a', '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-profile:v', 'baseline', '-pix_fmt', 'yuv420p', '-g', String(FPS), '-b:v', '2500k', '-c:a', 'aac', '-b:a', '128k', '-ac', '2'];
  const encoder = runFfmpeg({ command: ffmpeg, args: ['-fflags', 'nobuffer', '-probesize', '32', '-analyzeduration', '0', ...input, ...sound, ...codec, '-flush_packets', '1', '-f', 'flv', url], stdin: true, timeoutMs: LONGEST_MS });
  const stopping = new AbortController();
  const done = feed(encoder.stdin!, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await done;
      await encoder.stop();
    },
  };
}

async function feed(pipe: NodeJS.WritableStream & { writableNeedDrain: boolean; writableLength: number; destroyed?: boolean }, signal: AbortSignal): Promise<void> {
  const { width, height } = TIME_CODE;
  for (let dueAt = performance.now(); !signal.aborted && !pipe.destroyed; dueAt += 1_000 / FPS) {
    await delay(Math.max(0, dueAt - performance.now()));
    if (pipe.writableLength > 0) continue;
    const frame = new Uint8Array(width * height);
    paintGrey(frame, Date.now());
    pipe.write(frame);
  }
}
