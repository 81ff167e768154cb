import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { StartError } from '../supervisor/start-error.ts';

const LAST_WORDS = 2_000;
const START_MS = 20_000;

export interface Encoder {
  /** Once its first second is out. */
  started: Promise<void>;
  stop(): Promise<void>;
}

/** What OBS would do: a moving picture with the time in it and a tone, 720p, H.264 and AAC, to an RTMP address with its key. */
export function publishTestPicture(url: string, ffmpeg: string): Encoder {
  const source = ['-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=30', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'];
  const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-profile:v', 'baseline', '-pix_fmt', 'yuv420p', '-g', '60', '-b:v', '2500k'];
  const args = ['-hide_banner', '-nostats', '-loglevel', 'error', '-progress', 'pipe:1', '-re', ...source, ...video, '-c:a', 'aac', '-b:a', '128k', '-ac', '2', '-f', 'flv', url];
  // q on its input ends it in order; the input also ends with this process.
  const child = spawn(ffmpeg, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => (words = (words + String(chunk)).slice(-LAST_WORDS)));
  const ended = once(child, 'close').catch((error: Error) => void (words = error.message));
  const started = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new StartError(`ffmpeg sent nothing for ${START_MS / 1_000} s. ${words}`)), START_MS);
    child.stdout.on('data', (chunk: Buffer) => {
      if (!/out_time_ms=[1-9]\d{5}/.test(String(chunk))) return;
      clearTimeout(timer);
      resolve();
    });
    void ended.then(() => {
      clearTimeout(timer);
      reject(new StartError(`ffmpeg ended before it published: ${words || 'it said nothing'}`));
    });
  });
  return {
    started,
    async stop() {
      child.stdin.on('error', () => undefined);
      child.stdin.write('q');
      const kill = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(kill);
    },
  };
}
